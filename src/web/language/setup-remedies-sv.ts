/** What cures each problem of stores, jobs and set-up, in Swedish; in English the API's own sentence stands. */
import type { SetUpCode } from './en.ts';

export const setUpRemediesSv: Readonly<Record<SetUpCode, string>> = {
  'store-unreachable': 'Inget, om appen kommer tillbaka; kontrollera annars dess server, adress och nätverk.',
  'store-busy':
    'Inget; om det fortsätter, leta efter långa transaktioner, en full disk eller för många anslutningar i databasen.',
  'sign-in-refused':
    'Rätta användare och lösenord i appens `url`; kontrollera i pg_hba.conf åtkomsten från den här datorn.',
  'database-not-found': 'Rätta den sista delen av appens `url`, eller skapa databasen.',
  'host-not-found': 'Rätta värden i appens `url`, eller namntjänsten på den här datorn.',
  'store-version': 'Uppgradera servern till PostgreSQL 15 eller senare.',
  'store-read-only': 'Ange den primära servern i appens `url`.',
  'wake-up-not-possible':
    'Inget: ändringar kommer inom ungefär en sekund. Med max_prepared_transactions = 0 kommer de genast.',
  'fence-lost':
    'Inget har gått förlorat: den andra processen fortsätter, och en begärd körning försöks igen av sig själv. Om det upprepas, leta efter en process som står stilla eller har ont om minne eller processor, och efter en pooler eller brandvägg som avslutar vilande anslutningar till kopplingsdatabasen.',
  'lane-busy':
    'Inget: en begärd körning försöks igen av sig själv. Om det fortsätter, se vilket jobb i mappningen som körs, och avbryt det om det inte kommer vidare.',
  'configuration-outdated': 'Starta om den här processen med den fil som den andra har.',
  interrupted:
    'Inget: nästa körning gör det som blev kvar. Om det upprepas, se i processens logg och på minnet i dess dator.',
  paused: 'Återuppta mappningen, eller kanalen.',
  'awaiting-first-run':
    'Se med en provkörning vad som skulle kopplas och skapas, kör sedan mappningen en gång, eller ange `firstRun: automatic`.',
  'lineage-broken':
    'Se till att det är rätt databas, och återuppta sedan mappningen med `lineage: compare`: varje skillnad blir en konflikt.',
  'capture-missing':
    '`couplet start` och `couplet sync` installerar registreringen själva, `couplet install` gör det nu; den som saknar rätten låter köra det som `couplet install --print` skriver.',
  'capture-not-possible': 'Mappa tabellen som ligger bakom.',
  'table-replicated':
    'Mappa tabellen vid dess källa, eller be ägaren om utlösare per rad med ENABLE ALWAYS som skriver märkena.',
  'table-busy': 'Inget, eller installera när ingen lång transaktion håller tabellen.',
  'table-not-found': 'Rätta `table` i mappningen; namn gäller bokstavligt, även versaler.',
  'column-not-found': 'Rätta kolumnen i mappningen; namn gäller bokstavligt, även versaler.',
  'column-generated': 'Låt fältet gå endast från den här kolumnen, eller mappa kolumnerna som den beräknas av.',
  'type-not-mappable': 'Mappa en annan kolumn, eller sätt en omvandling eller en lista med värden emellan.',
  'type-lossy': 'Bredda målkolumnen, eller se till att dess gränser aldrig överskrids.',
  'key-not-unique': 'Ange en primär eller unik nyckel i tabellen där alla kolumner är NOT NULL.',
  'enum-label-missing': 'Lägg till etiketterna i typen, eller mappa dem med `values`.',
  'reference-other-key':
    'Mappa kolumnen som innehåller den överordnade postens nyckel, eller gör det som den hänvisar till till nyckel i den överordnade mappningen.',
  'reference-type': 'Mappa kolumnen som innehåller den överordnade postens nyckel, eller rätta `references`.',
  'transform-not-reversible': 'Låt de två omvandlingarna ta ut varandra, eller låt fältet gå i endast en riktning.',
  'modified-at-type': 'Ange en kolumn av typen timestamp eller timestamptz.',
  'setting-locked':
    'Sätt tillbaka det förra värdet; eller ge mappningen ett nytt namn, kör `couplet forget` för det gamla och koppla på nytt.',
  'required-column-unmapped':
    'Mappa kolumnen, ge den ett värde med `onCreate` eller ett standardvärde i databasen, eller ange `coupledOnly: true`.',
  'reference-not-nullable':
    'Låt kolumnen få vara tom, eller gör referensen `ifUncoupled: wait` och inte del av en cirkel.',
  'filter-invalid': 'Skriv ett villkor över enbart tabellens kolumner, utan underfrågor och funktioner som now().',
  'right-missing':
    'Låt ägaren ge den rätten[ ({privilege})] till användaren i appens `url`; `couplet install --print` skriver registreringens GRANT-satser.',
  'row-security': 'Ge användaren BYPASSRLS, eller undanta den från säkerhetsreglerna.',
  'url-invalid': 'Skriv postgres://användare:lösenord@värd:port/databas.',
  'no-match': 'Ange `match`, så att poster som finns på båda sidor kopplas och inte dubbleras.',
  'coupling-database-unreachable': 'Kontrollera servern, och COUPLET_DATABASE_URL eller `database.url`.',
  'coupling-database-not-migrated': 'Kör `couplet migrate`, eller starta utan --no-migrate.',
  'coupling-database-newer': 'Starta den programversion som migrerade den, eller en senare.',
  'coupling-database-foreign': 'Rikta `database.url` mot en databas som hör till Couplet, eller mot en tom.',
  'internal-error': 'Sök orsaken i loggen och rapportera den.',
};
