/** Who buys coffee and what belongs to it from Contoso: twelve customers in each of fifteen countries. */

export const groups: readonly (readonly [code: string, name: string, paymentDays: number])[] = [
  ['CAFE', 'Cafés and coffee bars', 30],
  ['REST', 'Restaurants', 30],
  ['HOTEL', 'Hotels and guest houses', 45],
  ['BAKERY', 'Bakeries and pâtisseries', 30],
  ['OFFICE', 'Offices', 30],
  ['ROAST', 'Roasters', 14],
  ['WHOLE', 'Wholesalers', 60],
  ['EDU', 'Schools and universities', 60],
  ['CARE', 'Hospitals and care homes', 60],
  ['EVENT', 'Caterers and events', 14],
  ['PRIVATE', 'Private customers', 0],
  ['STAFF', 'Employees', 0],
];

type CustomerName = readonly [group: string, name: string];

/** By country. */
export const customerNames: Readonly<Record<string, readonly CustomerName[]>> = {
  US: read(`
    CAFE Bayou City Coffee Co.
    REST Ninfa & Daughters, Inc.
    HOTEL The Galveston Tremont House
    BAKERY Three Brothers Bakery
    OFFICE Gulf Coast Title, LLC
    ROAST Boomtown Roasters
    WHOLE Lone Star Foodservice
    EDU Rice Village Montessori School
    CARE Hermann Park Care Center
    EVENT Jackson and Daughters Catering
    PRIVATE Alicia Thornber
    STAFF Walter Harp`),
  CA: read(`
    CAFE Café Névé
    REST L'Entrecôte Saint-Jean
    HOTEL Auberge du Vieux-Port
    BAKERY Boulangerie Guillaume
    OFFICE Harbourfront Accounting Ltd.
    ROAST 49th Parallel Roasting
    WHOLE Distribution Beauséjour inc.
    EDU Collège Sainte-Marcelline
    CARE Résidence L'Érablière
    EVENT Maple & Birch Events
    PRIVATE Étienne Tremblay-Côté
    STAFF Priya Ramanathan`),
  MX: read(`
    CAFE Cafetería El Jarocho
    REST Fonda Doña Lupita
    HOTEL Posada del Ángel, S.A. de C.V.
    BAKERY Panadería Rosetta
    OFFICE Despacho Muñoz y Asociados
    ROAST Tostadores de Coatepec
    WHOLE Abarrotes La Güera
    EDU Colegio Benito Juárez
    CARE Clínica San José
    EVENT Banquetes Ibáñez
    PRIVATE María José Peña Ordóñez
    STAFF Jesús Ávila Núñez`),
  GB: read(`
    CAFE The Tin Kettle
    REST Rules & Sons, Est. 1798
    HOTEL St. Bride's Guest House
    BAKERY Bread Ahead, Borough
    OFFICE Pemberton, Wells & Co.
    ROAST Square Mile of Leith
    WHOLE Brakspear Wholesale Ltd.
    EDU King's Parade College
    CARE Maggie's Hospice Trust
    EVENT Tuck & Table Catering
    PRIVATE Siân Llewellyn-Jones
    STAFF Oluwaseun Adebayo`),
  IE: read(`
    CAFE Brother O'Malley's
    REST The Oyster Tavern, Cork
    HOTEL Ardilaun Country House
    BAKERY Bácús Uí Dhonnchú
    OFFICE Fitzgerald Solicitors
    ROAST Badger & Dodo Roastery
    WHOLE O'Brien & Sons, Ltd.
    EDU Coláiste na Ríona
    CARE St. Vincent's Nursing Home
    EVENT Claddagh Catering
    PRIVATE Seán Ó Súilleabháin
    STAFF Aoife Ní Bhriain`),
  FR: read(`
    CAFE Café Lumière
    REST Chez Françoise et Fils
    HOTEL Hôtel de l'Abbaye
    BAKERY L'Atelier d'Élise
    OFFICE Cabinet Lefèvre, Dubois & Associés
    ROAST Brûlerie des Chartrons
    WHOLE Épicerie en gros Desgranges
    EDU Lycée Saint-Exupéry
    CARE Maison de retraite Les Tilleuls
    EVENT Traiteur Noël Bérenger
    PRIVATE Anne-Lise d'Aubigné
    STAFF Jérôme Guérin`),
  DE: read(`
    CAFE Kaffeehaus Grüne Bohne
    REST Gasthof Zum Goldenen Löwen
    HOTEL Hotel Bayerischer Hof Müller KG
    BAKERY Bäckerei Weiß
    OFFICE Schäfer, Groß & Partner mbB
    ROAST Rösterei Vier Mühlen
    WHOLE Großhandel Jürgens GmbH & Co. KG
    EDU Goethe-Schule Köpenick
    CARE Pflegeheim Haus Sonnenblick
    EVENT Feinkost Käfer & Söhne
    PRIVATE Ulrike von Bülow
    STAFF Jörg Strauß`),
  AT: read(`
    CAFE Café Central am Graben
    REST Beisl Zur Eisernen Zeit
    HOTEL Pension Schönbrunn
    BAKERY Konditorei Fürst
    OFFICE Notariat Dr. Wögerbauer
    ROAST Alt Wien Kaffeerösterei
    WHOLE Steirische Feinkost, Inh. H. Köck
    EDU Volksschule Sankt Pölten
    CARE Krankenhaus der Barmherzigen Brüder
    EVENT Do & Schmaus Catering
    PRIVATE Theresia Österreicher
    STAFF Günther Pichler`),
  IT: read(`
    CAFE Bar Sant'Eustachio
    REST Trattoria dell'Angelo S.r.l.
    HOTEL Albergo Città di Milano
    BAKERY Forno Roscioli e Figli
    OFFICE Studio Legale D'Amico
    ROAST Torrefazione Vesuvio
    WHOLE F.lli Bonaventura, Ingrosso
    EDU Liceo Galvani
    CARE Casa di Cura Villa Serena
    EVENT Ricevimenti De Luca
    PRIVATE Niccolò Dall'Oglio
    STAFF Beatrice Forlì`),
  ES: read(`
    CAFE Cafés Pombo
    REST Casa Lucio e Hijos, S.L.
    HOTEL Hostal Peñíscola
    BAKERY Forn de Sant Jaume
    OFFICE Gestoría Ibáñez-Muñoz
    ROAST Tostaderos La Cibeles
    WHOLE Distribuciones Añil
    EDU Instituto Ramón y Cajal
    CARE Residencia Virgen del Rocío
    EVENT Banquetes El Almendro
    PRIVATE José Ángel Núñez García
    STAFF Núria Vilà i Puig`),
  PT: read(`
    CAFE Café A Brasileira do Chiado
    REST Tasca do João
    HOTEL Pensão Estação de São Bento
    BAKERY Pastelaria Conceição
    OFFICE Gonçalves & Irmãos, Lda.
    ROAST Torrefação Flor da Selva
    WHOLE Mercearia Atlântico
    EDU Escola Secundária Luís de Camões
    CARE Lar Nossa Senhora da Saúde
    EVENT Quinta das Lágrimas Eventos
    PRIVATE Inês Brandão Simões
    STAFF Tomás Magalhães`),
  NL: read(`
    CAFE Koffiehuis De Hoek
    REST Eetcafé 't Pakhuis
    HOTEL Hotel De Gouden Leeuw
    BAKERY Bakkerij Van 't Hoff
    OFFICE Van der Berg & Zonen B.V.
    ROAST Branderij De Roode Haan
    WHOLE Groothandel Gebr. Brouwer
    EDU Basisschool Het Kompas
    CARE Zorgcentrum De Koperhorst
    EVENT Evenementenbureau Oranje
    PRIVATE Anouk van den Heuvel
    STAFF Daniël de Graaf`),
  SE: read(`
    CAFE Kafé Södermalm
    REST Källaren Gyllene Freden
    HOTEL Pensionat Björkhagen
    BAKERY Bageri Åkesson
    OFFICE Redovisning Öst AB
    ROAST Rosteriet i Göteborg
    WHOLE Grossist Lindström & Co
    EDU Östermalms gymnasium
    CARE Äldreboendet Solgården
    EVENT Festvåningen Västerlång
    PRIVATE Åsa Bergström
    STAFF Björn Sjögren`),
  DK: read(`
    CAFE Kaffebaren på Nørrebro
    REST Restaurant Søhesten
    HOTEL Hotel Ærø
    BAKERY Sankt Peders Bageri
    OFFICE Revision Ørsted & Kjær
    ROAST Risteriet Læsø
    WHOLE Engros Østjylland A/S
    EDU Rødovre Gymnasium
    CARE Plejehjemmet Bøgelunden
    EVENT Selskabslokaler Tårnby
    PRIVATE Søren Mølgaard
    STAFF Mette Kjærsgaard`),
  PL: read(`
    CAFE Kawiarnia Wójcik
    REST Restauracja Pod Różą
    HOTEL Pensjonat Żuraw
    BAKERY Piekarnia Łódzka
    OFFICE Kancelaria Dąbrowski i Wspólnicy
    ROAST Palarnia Kawy Ślimak
    WHOLE Hurtownia Krzyżanowski sp. z o.o.
    EDU Liceum im. Żeromskiego
    CARE Dom Opieki Złota Jesień
    EVENT Bankiety Śląskie
    PRIVATE Małgorzata Zięba
    STAFF Paweł Gąsior`),
};

/** `CAFE Bayou City Coffee Co.`, a line each. */
function read(lines: string): CustomerName[] {
  return lines
    .trim()
    .split('\n')
    .map((line) => {
      const text = line.trim();
      const space = text.indexOf(' ');
      return [text.slice(0, space), text.slice(space + 1)];
    });
}
