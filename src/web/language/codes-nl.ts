/** Sentences and remedies of every code, in Dutch; the placeholders are those of the catalogue. */
import type { ErrorCode } from '../../errors/catalogue.ts';
import type { NetworkReason } from '../../errors/network-reasons.ts';
import type { RemediedCode } from './en.ts';

export const codesNl: Readonly<Record<ErrorCode, string>> = {
  'update-conflict': 'In beide apps gewijzigd: {field}[ ({hqValue} in HQ, {channelValue} in het kanaal)]',
  'initial-conflict':
    'De twee records verschillen en niets zegt welke juist is: {field}[ ({hqValue} in HQ, {channelValue} in het kanaal)][; HQ heeft dit record al: {matched}]',
  'record-replaced':
    'Het record is verwijderd en opnieuw gemaakt[ in {replacedIn}][ met een andere waarde voor {field}]',
  'deleted-in-hq': 'Het record[ {key}] is verwijderd in HQ',
  'deleted-in-channel': 'Het record[ {key}] is verwijderd in het kanaal',
  'deleted-and-changed': 'Het record[ {key}] is verwijderd in {deletedIn} en gewijzigd in de andere app',
  'deletion-would-cascade':
    'Als het record wordt verwijderd, verdwijnen ook records die nog zijn gekoppeld[: {dependents}][ ({table})]',
  'constraint-violated':
    'De database heeft het record geweigerd vanwege {constraint}[: {message}][: het record {blockedBy} heeft dezelfde waarde voor {columns}]' +
    '[: er is geen record {values} in {parent}][: records van {child} verwijzen ernaar]',
  'write-suppressed': 'Een trigger of regel[ in {side}] heeft de schrijfactie zonder fout tegengehouden',
  'value-too-long': '{field} is te lang[: {length} tekens]; er passen er hoogstens {limit}[ ({value})]',
  'value-not-mapped': '{field} heeft de waarde {value}, die niet in de waardetoewijzing voorkomt',
  'value-invalid': '{field} heeft de waarde {value}, geen geldige waarde van het type {type}[; toegestaan: {allowed}]',
  'transform-failed':
    '{field} heeft de waarde {value}, waarop {transform} niet kan worden toegepast[; verwacht: {expected}]',
  'required-value-missing': '{field} moet een waarde hebben[ in {side}]',
  'parent-not-coupled':
    '{field} verwijst naar {parent}[ {parentKey}], dat niet is gekoppeld[; HQ heeft dit record al: {matched}]',
  'match-ambiguous':
    'Het is niet zeker welk record de partner is[: {several} records komen overeen op {matchedOn}][: {taken} komt overeen op {matchedOn}, maar is aan een ander record gekoppeld][: {uncoupled} komt overeen op {matchedOn}, maar de koppeling ervan is verwijderd][: {contested} komt overeen op {matchedOn}, maar andere records aan deze kant ook]; er is niets gekoppeld of gemaakt',
  'verification-difference': '{field} is niet wat het laatst is gesynchroniseerd, en er is geen wijziging van gezien',
  'partner-missing':
    'Het record heeft geen tegenhanger in {side}, waar de database is hersteld of de sleutel aan een ander record is gegeven',
  swinging:
    '{field} verandert steeds heen en weer tussen de twee apps[, in HQ door {hqBy}][, in het kanaal door {channelBy}]',
  'operation-malformed': 'De bewerking kan niet worden gelezen[: {reason}]',
  'counter-reused': 'Teller {counter} van {table} is al eerder gebruikt met een andere inhoud',
  'guid-in-use': 'De GUID {guid} hoort al bij een andere klant',
  'operation-not-supported': '{operation} is niet ingesteld',
  'mass-deletion':
    'In één keer zijn {deletions} records verwijderd in {deletedIn}[, {percent}% van {couplings}][; {cascades} andere zouden meegaan]',
  'mass-change':
    'In één keer zijn {changes} records gewijzigd in {changedIn}[, {percent}% van {couplings}]; er wordt niets overgenomen voordat het is goedgekeurd',
  'records-unreadable': 'Records van {table} kunnen niet worden gelezen[: {reason}]',
  'schema-changed': 'De tabel[ {table}] is niet meer zoals deze was[: {difference}][: {column} bestaat niet]',
  'permission-denied': 'De database staat de toegang niet toe[: {right}][; tabel {table}]',
  'store-unreachable': 'De database[ {store}] is niet bereikbaar[: {reason}]',
  'store-busy': 'De database[ {store}] is bezet[: {reason}]',
  'sign-in-refused': 'De database[ {store}] staat niet toe dat Couplet zich aanmeldt',
  'database-not-found': 'De server heeft geen database met deze naam[: {store}]',
  'host-not-found': 'Deze host bestaat niet[: {store}]',
  'store-version': 'De database is PostgreSQL {version}[; {required} of nieuwer is vereist]',
  'store-read-only': 'De database accepteert geen schrijfacties[: {reason}]',
  'wake-up-not-possible':
    'De database waarschuwt Couplet niet[ omdat {setting} de waarde {value} heeft]; elke seconde wordt naar wijzigingen gezocht',
  'fence-lost': 'Een ander proces heeft deze toewijzing en dit kanaal tijdens de uitvoering overgenomen',
  'lane-busy':
    'Een andere uitvoering van deze toewijzing en dit kanaal was niet klaar[ binnen {waitedSeconds} seconden]; er is niets gedaan',
  'configuration-outdated': 'Dit proces heeft een eerdere configuratie van de toewijzing; er is niets gedaan',
  interrupted: 'Het proces eindigde vóór deze uitvoering; wat het had geschreven, is vastgelegd',
  paused: 'De toewijzing is gepauzeerd; de wijzigingen wachten',
  'awaiting-first-run':
    'Beide apps bevatten records en er is nog niets gekoppeld; de eerste uitvoering wacht tot iemand erom vraagt',
  'lineage-broken': 'De database[ {store}] is hersteld of vervangen[ ({reason})]',
  'capture-missing': 'Wijzigingen van {table} worden niet vastgelegd[: {reason}]',
  'capture-not-possible': '{table} is een tabel van het type {kind}, waarvan wijzigingen niet kunnen worden vastgelegd',
  'table-replicated': '{table} wordt gevuld door een abonnement, waarvan de wijzigingen niet kunnen worden vastgelegd',
  'table-busy': '{table} is door iemand vergrendeld',
  'table-not-found': 'De tabel {table} bestaat niet[ in {side}][; bedoelde u {suggestion}?]',
  'column-not-found': '{table} heeft geen kolom {column}[; bedoelde u {suggestion}?]',
  'column-generated':
    '{column} van {table} wordt door de database berekend en kan niet worden geschreven[ door {field}]',
  'type-not-mappable': '{field} kan {from} niet overbrengen naar {to}',
  'type-lossy': '{field} brengt {from} over naar {to}, waarin niet elke waarde past',
  'key-not-unique': '{key} is geen unieke sleutel van {table}[: {nullable} kan leeg zijn]',
  'enum-label-missing': '{field} heeft waarden die in de opsomming {to} ontbreken: {labels}',
  'reference-other-key': '{field} verwijst naar {columns} van {table}, en de sleutel van {parent} is {key}',
  'reference-type': '{field} is {to}, en de sleutel van {parent} waarnaar het verwijst, is {from}',
  'transform-not-reversible':
    '{field} komt niet terug zoals het is verzonden[: {value} in {side} komt terug als {returned}][ ({count} van {sampled} waarden)]',
  'modified-at-type': '{column} van {table} is {type}, en dat is geen tijdstip',
  'setting-locked': '{setting} was {before} en kan niet {after} worden zolang er {couplings} koppelingen zijn',
  'required-column-unmapped':
    '{column} van {table} moet een waarde hebben, en een record dat Couplet maakt, heeft die niet',
  'reference-not-nullable':
    '{field} moet leeg kunnen zijn totdat het bovenliggende record is gekoppeld, maar {column} van {table} moet een waarde hebben',
  'filter-invalid': 'Het filter van {table} kan niet worden gebruikt[: {reason}]',
  'right-missing': 'Couplet heeft het recht {right} niet voor {table}[: {privilege} ontbreekt]',
  'row-security': 'Beveiliging op rijniveau verbergt rijen van {table} voor Couplet',
  'url-invalid': 'Het adres van de database kan niet worden gelezen',
  'no-match':
    'Beide kanten bevatten records en de toewijzing heeft geen overeenkomst ingesteld, zodat een eerste uitvoering ze kan verdubbelen',
  'coupling-database-unreachable': 'De koppelingsdatabase is niet bereikbaar[: {reason}]',
  'coupling-database-not-migrated': 'De koppelingsdatabase is ouder dan het programma',
  'coupling-database-newer': 'De koppelingsdatabase is nieuwer dan het programma',
  'coupling-database-foreign': 'De koppelingsdatabase heeft andere migraties dan het programma',
  'internal-error': 'Er is iets misgegaan in Couplet; het logboek ervan bevat de details',
  'invalid-request': 'De aanvraag is niet geldig[: {reason}]',
  'unknown-parameter': 'De parameter {parameter} bestaat niet[; bedoelde u {suggestion}?]',
  'unknown-field': 'De toewijzing heeft geen veld {field}',
  'field-not-settable': '{field} kan niet door deze bewerking worden ingesteld',
  'key-required': 'Geef het record op waarmee u wilt koppelen, of vraag om het te maken',
  'winner-required': 'Kies welke versie wint: beide records zijn gewijzigd',
  'not-authenticated': 'Meld u eerst aan',
  'not-allowed': 'Hiervoor is de rol {role} vereist',
  'foreign-origin': 'Aanvragen van {origin} worden niet aangenomen',
  'not-found': 'Er is niets op dit adres',
  'method-not-allowed': 'Dit adres kent {method} niet; wel {allowed}',
  'mapping-not-found': 'De toewijzing {mapping} bestaat niet',
  'channel-not-found': 'Het kanaal {channel} bestaat niet',
  'job-not-found': 'Deze taak bestaat niet',
  'record-not-found': 'Het record[ {key}] bestaat niet[ in {side}]',
  'coupling-not-found': 'Deze koppeling bestaat niet',
  'error-not-found': 'Deze synchronisatiefout bestaat niet',
  'log-entry-not-found': 'Deze logboekpost bestaat niet',
  'operation-not-found': 'Deze klantbewerking bestaat niet',
  'customer-not-found': 'De klant {account} bestaat niet',
  'feature-not-found': 'De functie {feature} bestaat niet[; bekend zijn {known}]',
  'commerce-job-not-found': 'De commerce-taak {job} bestaat niet[; bekend zijn {known}]',
  'session-not-found': 'Deze sessie bestaat niet',
  'commerce-not-configured': 'Commerce is niet geconfigureerd',
  'direction-not-configured': '{mapping} synchroniseert niet in de richting {direction}',
  'already-coupled': 'Het record[ {key}][ in {side}] is al gekoppeld[ met {partner}]',
  'coupling-ended': 'De koppeling is beëindigd',
  'create-refused': 'Het record kan niet worden gemaakt[: {cause}]',
  'action-not-allowed': '{action} is hier niet mogelijk[; wel mogelijk: {allowed}]',
  'already-resolved': 'De fout is al opgelost',
  'count-changed': 'Het filter selecteert {count}[, niet {expected}]',
  'request-in-progress': 'Dezelfde aanvraag wordt al uitgevoerd',
  'job-finished': 'De taak is al beëindigd',
  'job-kind-unknown': 'Er is geen taak van de soort {kind}',
  'not-revertible': 'Deze logboekpost kan niet ongedaan worden gemaakt',
  'already-reverted': 'Deze logboekpost is al ongedaan gemaakt',
  'not-configured': '{mapping} staat niet meer in de configuratie',
  'mapping-stopped': '{mapping} is gestopt[: {reason}]',
  'prerequisite-missing': '{feature} vereist {missing}',
  'feature-required-by': '{feature} is nodig voor {requiredBy}',
  'session-applied': 'De sessie is al toegepast',
  'being-edited': '{by} bewerkt dit[ tot {until}]',
  'customer-pending': 'De klant heeft nog geen rekeningnummer',
  'operation-synchronized': 'De bewerking is gesynchroniseerd en kan niet worden gewijzigd',
  'stale-decision': 'De records zijn gewijzigd sinds u keek; er is niets geschreven',
  'payload-too-large': 'De aanvraag is te groot',
  'unsupported-media-type': 'Dit inhoudstype wordt niet ondersteund',
  'idempotency-key-reused': 'Deze Idempotency-Key is voor een andere aanvraag gebruikt',
  'precondition-required': 'Stuur If-Match met de versie die u hebt gelezen',
  'identity-provider-unreachable': 'De aanmeldingsprovider is niet bereikbaar',
  'too-many-requests': 'Te veel aanvragen; wacht even',
  policy: 'In beide apps gewijzigd; de regel van de toewijzing heeft gekozen',
  'latest-wins': 'In beide apps gewijzigd; de laatste wijziging volgens de klokken van de apps heeft gewonnen',
  'matched-on': 'De records komen overeen op {matchedOn}',
  'replaced-alike': 'Het record is verwijderd en opnieuw gemaakt[ in {side}] met dezelfde waarden',
  'partner-replaced': 'Het record is met een ander record gekoppeld',
  'key-given-again': 'Het record bestaat niet meer[ in {side}] en de sleutel is aan een ander record gegeven',
  'both-deleted': 'Het record is in beide apps verwijderd',
  'deleted-out-of-filter': 'Het record is verwijderd terwijl het buiten het filter viel',
  'replaced-while-other-gone': 'Geen van beide gekoppelde records bestaat nog; wat bestaat, is een nieuw record',
  'deletion-policy': 'Het record is verwijderd[ in {deletedIn}]; de koppeling is volgens de configuratie beëindigd',
  'left-uncoupled': 'Het record blijft ongekoppeld',
  'would-couple': 'De records zouden worden gekoppeld',
  'would-create': 'Het record zou worden gemaakt',
  'job-due': 'Wacht[ in {channel}] op de taak {nextJob}: {count}',
  unmatched: 'Geen record komt overeen',
};

export const remediesNl: Readonly<Record<RemediedCode, string>> = {
  'update-conflict': 'Vergelijk de versies en kies er een met Synchroniseren, voor het record of veld voor veld.',
  'initial-conflict':
    'Kies een versie met Synchroniseren; voor nieuwe paren beslissen `initialWinner` en `fillEmpty` van de toewijzing.',
  'record-replaced': 'Kies een versie met Synchroniseren, of verwijder de koppeling.',
  'deleted-in-hq':
    'Herstel het record, verwijder ook het gekoppelde record, of verwijder de koppeling; `deletions` bepaalt het voor de toekomst.',
  'deleted-in-channel':
    'Herstel het record, verwijder ook het gekoppelde record, of verwijder de koppeling; `deletions` bepaalt het voor de toekomst.',
  'deleted-and-changed':
    'Herstel het verwijderde record, of verwijder het gewijzigde record nadat u hebt bekeken wat er is gewijzigd.',
  'deletion-would-cascade': 'Verwijder of ontkoppel eerst de afhankelijke records, of herstel het verwijderde record.',
  'constraint-violated': 'Wijzig de waarde, of het record dat in de weg staat; kies daarna Opnieuw proberen.',
  'write-suppressed':
    'Zoek de trigger of regel op de tabel en wijzig deze, of wijzig de waarde; kies daarna Opnieuw proberen.',
  'value-too-long': 'Kort de waarde in, verbreed de kolom, of wijs het veld toe met een `substring`-conversie.',
  'value-not-mapped': 'Voeg de waarde toe aan `values` van het veld, of wijzig deze in de app.',
  'value-invalid': 'Corrigeer de waarde, of wijs het veld toe met een conversie die de waarde passend maakt.',
  'transform-failed': 'Corrigeer de waarde, of de conversie in de configuratie.',
  'required-value-missing':
    'Vul de waarde in, wijs de kolom toe, of geef deze een waarde met `onCreate` of een `default`-conversie.',
  'parent-not-coupled':
    'Koppel het bovenliggende record of los de fout ervan op; stel `ifUncoupled: clear` in om het record zonder te verzenden.',
  'match-ambiguous': 'Koppel het met de juiste kandidaat, of maak een nieuw record als geen ervan juist is.',
  'verification-difference': 'Kies een versie met Synchroniseren; zoek naar schrijfacties die geen triggers activeren.',
  'partner-missing':
    'Opnieuw proberen maakt het in de andere app; koppel het anders met een record daar, of verwijder de koppeling om het te laten zoals het is.',
  swinging: 'Zoek wat de waarde terugzet, of laat het veld maar in één richting gaan; kies daarna Opnieuw proberen.',
  'operation-malformed': 'Corrigeer wat de bewerkingstabellen schrijft; deze bewerking kan alleen worden afgewezen.',
  'counter-reused':
    'Verhoog de teller van de tabel tot boven elk eerder gebruikt nummer en laat het kanaal de bewerking opnieuw schrijven.',
  'guid-in-use': 'Corrigeer wat de GUIDs in het kanaal toekent; wijs deze bewerking af en maak de klant opnieuw.',
  'operation-not-supported':
    'Stel dit in onder `commerce` (bijvoorbeeld `deactivateCustomer`) en synchroniseer daarna de bewerking.',
  'mass-deletion': 'Keur de verwijderingen goed, of wijs ze af: elk wordt dan een eigen fout.',
  'mass-change':
    'Goedkeuren voert ze allemaal uit; Afwijzen voert er geen uit, en elk wordt een conflict dat op zichzelf wordt beslist.',
  'records-unreadable':
    'Verbeter de waarde waarover de database klaagt, of schrijf het filter zo dat het voor elk record te bepalen is; de toewijzing gaat vanzelf verder.',
  'schema-changed':
    'Pas de toewijzing of de tabel aan; `couplet check` noemt wat niet past, `couplet install` vernieuwt het vastleggen van wijzigingen.',
  'permission-denied': 'Verleen het genoemde recht; `couplet check` toont alle rechten die ontbreken.',
};

/** Why a store or database cannot be reached. */
export const reasonsNl: Readonly<Record<NetworkReason, string>> = {
  refused: 'niets luistert op dat adres en die poort',
  closed: 'hij heeft de verbinding gesloten',
  silent: 'hij heeft niet op tijd geantwoord',
  noWayToHost: 'er leidt geen weg naar zijn host',
  noWayToNetwork: 'er leidt geen weg naar zijn netwerk',
  noSocket: 'die socket bestaat niet',
  noHost: 'die host bestaat niet',
  noLookup: 'zijn hostnaam kon niet worden opgezocht',
  noWrites: 'hij neemt geen wijzigingen aan',
  stoodStill: 'hij heeft een sessie beëindigd die stilstond',
  notFromHere: 'de gebruiker mag zich van hieruit niet aanmelden',
  wrongPassword: 'de gebruiker of het wachtwoord klopt niet',
  noDatabase: 'de server heeft geen database met deze naam',
  diskFull: 'zijn schijf is vol',
  noMemory: 'hij heeft te weinig geheugen',
  noConnections: 'hij neemt geen verbindingen meer aan',
  ended: 'een beheerder heeft de sessie beëindigd',
  killed: 'hij is afgebroken en start opnieuw',
  startingOrStopping: 'hij start of stopt',
  diskFails: 'zijn schijf is defect',
};
