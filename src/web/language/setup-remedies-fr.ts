/** What cures each problem of stores, jobs and set-up, in French; in English the API's own sentence stands. */
import type { SetUpCode } from './en.ts';

export const setUpRemediesFr: Readonly<Record<SetUpCode, string>> = {
  'store-unreachable': "Rien, si l'application revient ; sinon, vérifiez son serveur, son adresse et le réseau.",
  'store-busy':
    'Rien ; si cela dure, cherchez de longues transactions, un disque plein ou trop de connexions dans la base de données.',
  'sign-in-refused':
    "Corrigez l'utilisateur et le mot de passe dans l'`url` de l'application ; vérifiez dans pg_hba.conf l'accès depuis cette machine.",
  'database-not-found': "Corrigez la dernière partie de l'`url` de l'application, ou créez la base de données.",
  'host-not-found': "Corrigez l'hôte dans l'`url` de l'application, ou la résolution de noms de cette machine.",
  'store-version': 'Mettez le serveur à niveau vers PostgreSQL 15 ou plus récent.',
  'store-read-only': "Nommez le serveur primaire dans l'`url` de l'application.",
  'wake-up-not-possible':
    'Rien : les modifications arrivent en une seconde environ. Avec max_prepared_transactions = 0, elles arrivent tout de suite.',
  'fence-lost':
    "Rien n'est perdu : l'autre processus continue, et une exécution demandée est réessayée d'elle-même. Si cela se répète, cherchez un processus arrêté ou à court de mémoire ou de processeur, ou un pooler ou pare-feu qui ferme les connexions inactives à la base des couplages.",
  'lane-busy':
    "Rien : une exécution demandée est réessayée d'elle-même. Si cela dure, regardez quelle tâche du mappage est en cours, et annulez-la si elle n'avance pas.",
  'configuration-outdated': "Redémarrez ce processus avec le fichier que l'autre utilise.",
  interrupted:
    'Rien : la prochaine exécution fait ce qui reste. Si cela se répète, regardez le journal du processus et la mémoire de sa machine.',
  paused: 'Reprenez le mappage, ou le canal.',
  'awaiting-first-run':
    'Regardez par un essai à blanc ce qui serait couplé et créé, puis exécutez le mappage une fois, ou définissez `firstRun: automatic`.',
  'lineage-broken':
    "Assurez-vous que c'est la bonne base de données, puis reprenez le mappage avec `lineage: compare` : chaque différence devient un conflit.",
  'capture-missing':
    "`couplet start` et `couplet sync` installent la capture d'eux-mêmes, `couplet install` le fait maintenant ; à défaut de droits, faites exécuter ce qu'écrit `couplet install --print`.",
  'capture-not-possible': 'Mappez la table qui est derrière.',
  'table-replicated':
    'Mappez la table à son origine, ou demandez à son propriétaire des déclencheurs par ligne ENABLE ALWAYS qui écrivent les marques.',
  'table-busy': "Rien, ou installez lorsqu'aucune longue transaction ne tient la table.",
  'table-not-found': 'Corrigez `table` dans le mappage ; les noms sont pris à la lettre, casse comprise.',
  'column-not-found': 'Corrigez la colonne dans le mappage ; les noms sont pris à la lettre, casse comprise.',
  'column-generated': 'Laissez le champ ne partir que de cette colonne, ou mappez les colonnes dont elle est calculée.',
  'type-not-mappable': 'Mappez une autre colonne, ou mettez entre elles une conversion ou une liste de valeurs.',
  'type-lossy': 'Élargissez la colonne cible, ou assurez-vous que ses limites ne sont jamais dépassées.',
  'key-not-unique': 'Nommez une clé primaire ou unique de la table dont toutes les colonnes sont NOT NULL.',
  'enum-label-missing': 'Ajoutez les étiquettes au type, ou mappez-les avec `values`.',
  'reference-other-key':
    "Mappez la colonne qui contient la clé de l'enregistrement parent, ou faites de ce à quoi elle se réfère la clé du mappage parent.",
  'reference-type': "Mappez la colonne qui contient la clé de l'enregistrement parent, ou corrigez `references`.",
  'transform-not-reversible':
    "Faites que les deux conversions s'annulent l'une l'autre, ou laissez le champ n'aller que dans une direction.",
  'modified-at-type': 'Nommez une colonne de type timestamp ou timestamptz.',
  'setting-locked':
    "Remettez l'ancienne valeur ; ou donnez un nouveau nom au mappage, exécutez `couplet forget` pour l'ancien, puis couplez de nouveau.",
  'required-column-unmapped':
    'Mappez la colonne, donnez-lui une valeur avec `onCreate` ou par défaut dans la base de données, ou définissez `coupledOnly: true`.',
  'reference-not-nullable':
    'Permettez que la colonne soit vide, ou faites de la référence `ifUncoupled: wait` et hors de toute boucle.',
  'filter-invalid':
    'Écrivez une condition sur les colonnes de la table seule, sans sous-requêtes ni fonctions comme now().',
  'right-missing':
    "Faites accorder ce droit[ ({privilege})] par le propriétaire à l'utilisateur de l'`url` de l'application ; `couplet install --print` écrit les GRANT de la capture.",
  'row-security': "Donnez BYPASSRLS à l'utilisateur, ou exemptez-le des règles de sécurité.",
  'url-invalid': 'Écrivez postgres://utilisateur:motdepasse@hôte:port/base.',
  'no-match': 'Définissez `match`, pour que les enregistrements présents des deux côtés soient couplés et non doublés.',
  'coupling-database-unreachable': 'Vérifiez le serveur, et COUPLET_DATABASE_URL ou `database.url`.',
  'coupling-database-not-migrated': 'Exécutez `couplet migrate`, ou démarrez sans --no-migrate.',
  'coupling-database-newer': "Démarrez la version du programme qui l'a migrée, ou une version ultérieure.",
  'coupling-database-foreign': 'Dirigez `database.url` vers une base de données de Couplet, ou vers une base vide.',
  'internal-error': 'Cherchez la cause dans le journal et signalez-la.',
};
