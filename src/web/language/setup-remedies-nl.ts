/** What cures each problem of stores, jobs and set-up, in Dutch; in English the API's own sentence stands. */
import type { SetUpCode } from './en.ts';

export const setUpRemediesNl: Readonly<Record<SetUpCode, string>> = {
  'store-unreachable': 'Niets, als de app terugkomt; controleer anders de server, het adres en het netwerk.',
  'store-busy':
    'Niets; zoek, als het aanhoudt, naar lange transacties, een volle schijf of te veel verbindingen in de database.',
  'sign-in-refused':
    'Corrigeer gebruiker en wachtwoord in de `url` van de app; controleer in pg_hba.conf de toegang vanaf deze machine.',
  'database-not-found': 'Corrigeer het laatste deel van de `url` van de app, of maak de database.',
  'host-not-found': 'Corrigeer de host in de `url` van de app, of de naamomzetting van deze machine.',
  'store-version': 'Werk de server bij naar PostgreSQL 15 of nieuwer.',
  'store-read-only': 'Noem de primaire server in de `url` van de app.',
  'wake-up-not-possible':
    'Niets: wijzigingen komen binnen ongeveer een seconde. Met max_prepared_transactions = 0 komen ze meteen.',
  'fence-lost':
    'Er is niets verloren: de andere worker gaat door, en een gevraagde uitvoering wordt vanzelf opnieuw geprobeerd. Zoek, als het vaker gebeurt, naar een worker die stilstaat of te weinig geheugen of processor heeft, en naar een pooler of firewall die stille verbindingen met de koppelingsdatabase verbreekt.',
  'lane-busy':
    'Niets: een gevraagde uitvoering wordt vanzelf opnieuw geprobeerd. Kijk, als het aanhoudt, welke taak van de toewijzing loopt, en annuleer deze als zij niet vordert.',
  'configuration-outdated': 'Start dit proces opnieuw met het bestand dat het andere heeft.',
  interrupted:
    'Niets: de volgende uitvoering doet wat is blijven liggen. Bekijk, als het vaker gebeurt, het logboek van het proces en het geheugen van de machine.',
  paused: 'Hervat de toewijzing, of het kanaal.',
  'awaiting-first-run':
    'Bekijk met een proefuitvoering wat zou worden gekoppeld en gemaakt; voer de toewijzing daarna één keer uit, of stel `firstRun: automatic` in.',
  'lineage-broken':
    'Controleer of het de juiste database is en hervat de toewijzing dan met `lineage: compare`: elk verschil wordt een conflict.',
  'capture-missing':
    '`couplet start` en `couplet sync` installeren de vastlegging zelf, `couplet install` doet het nu; wie het niet mag, laat uitvoeren wat `couplet install --print` schrijft.',
  'capture-not-possible': 'Wijs de tabel toe die erachter ligt.',
  'table-replicated':
    'Wijs de tabel bij de bron toe, of vraag de eigenaar om triggers per rij met ENABLE ALWAYS die de markeringen schrijven.',
  'table-busy': 'Niets, of installeer wanneer geen lange transactie de tabel vasthoudt.',
  'table-not-found': 'Corrigeer `table` in de toewijzing; namen gelden letterlijk, ook hoofdletters.',
  'column-not-found': 'Corrigeer de kolom in de toewijzing; namen gelden letterlijk, ook hoofdletters.',
  'column-generated':
    'Laat het veld alleen van deze kolom uit gaan, of wijs de kolommen toe waaruit zij wordt berekend.',
  'type-not-mappable': 'Wijs een andere kolom toe, of zet er een conversie of een lijst van waarden tussen.',
  'type-lossy': 'Verbreed de doelkolom, of zorg dat haar waarden nooit worden overschreden.',
  'key-not-unique': 'Noem een primaire of unieke sleutel van de tabel waarvan alle kolommen NOT NULL zijn.',
  'enum-label-missing': 'Voeg de labels aan het type toe, of wijs ze toe met `values`.',
  'reference-other-key':
    'Wijs de kolom toe die de sleutel van het bovenliggende record bevat, of maak waarnaar zij verwijst de sleutel van de bovenliggende toewijzing.',
  'reference-type': 'Wijs de kolom toe die de sleutel van het bovenliggende record bevat, of corrigeer `references`.',
  'transform-not-reversible': 'Laat de twee conversies elkaar opheffen, of laat het veld maar in één richting gaan.',
  'modified-at-type': 'Noem een kolom van het type timestamp of timestamptz.',
  'setting-locked':
    'Zet de vorige waarde terug; of geef de toewijzing een nieuwe naam, voer voor de oude `couplet forget` uit en koppel opnieuw.',
  'required-column-unmapped':
    'Wijs de kolom toe, geef haar een waarde met `onCreate` of een standaardwaarde in de database, of stel `coupledOnly: true` in.',
  'reference-not-nullable':
    'Laat de kolom leeg toe, of maak de verwijzing `ifUncoupled: wait` en geen deel van een kring.',
  'filter-invalid':
    'Schrijf een voorwaarde over kolommen van de tabel alleen, zonder subquery’s en functies zoals now().',
  'right-missing':
    'Laat de eigenaar dit recht[ ({privilege})] verlenen aan de gebruiker van de `url` van de app; `couplet install --print` schrijft de GRANTs van de vastlegging.',
  'row-security': 'Geef de gebruiker BYPASSRLS, of zonder hem uit van de beveiligingsregels.',
  'url-invalid': 'Schrijf postgres://gebruiker:wachtwoord@host:poort/database.',
  'no-match': 'Stel `match` in, zodat records die aan beide kanten bestaan worden gekoppeld en niet verdubbeld.',
  'coupling-database-unreachable': 'Controleer de server, en COUPLET_DATABASE_URL of `database.url`.',
  'coupling-database-not-migrated': 'Voer `couplet migrate` uit, of start zonder --no-migrate.',
  'coupling-database-newer': 'Start de programmaversie die haar heeft bijgewerkt, of een latere.',
  'coupling-database-foreign': 'Laat `database.url` naar een database van Couplet wijzen, of naar een lege.',
  'internal-error': 'Zoek de oorzaak in het logboek en meld haar.',
};
