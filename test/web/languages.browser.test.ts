import type { FastifyInstance } from 'fastify';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { makeConflict } from '../http/open-test-server.ts';
import { expectAccessible, expectFits, openPage, settled } from './open-page.ts';

/** What administrators of Business Central and Commerce know these things by, to the letter. */
const NAMES = {
  en: {
    browser: 'en-GB',
    menu: 'English',
    errors: 'Coupled Data Synchronization Errors',
    operations: 'Customer Synchronization Status',
    log: 'Synchronization Log',
    columns: [
      'Channel name',
      'Customer account',
      'Async customer account',
      'Operations timestamp',
      'Customer sync status',
    ],
    header: ['Customer account', 'Retail async operation', 'Customer sync status', 'Last known error'],
    sections: ['Change description', 'Customer attributes'],
    actions: ['Retry', 'Synchronize', 'Remove Coupling', 'Restore Records', 'Delete Records'],
  },
  fr: {
    browser: 'fr-CA',
    menu: 'Français',
    errors: 'Erreurs de synchronisation de données couplées',
    operations: 'Statut de synchronisation client',
    log: 'Journal de synchronisation',
    columns: [
      'Nom de canal',
      'Compte client',
      'Compte client asynchrone',
      "Horodatage d'opération",
      'Statut de synchronisation des clients',
    ],
    header: [
      'Compte client',
      'Opération asynchrone de vente au détail',
      'Statut de synchronisation des clients',
      'Dernière erreur connue',
    ],
    sections: ['Description de la modification', 'Attributs client'],
    actions: [
      'Réessayer',
      'Synchroniser',
      'Supprimer le couplage',
      'Restaurer des enregistrements',
      'Supprimer des enregistrements',
    ],
  },
  sv: {
    browser: 'sv-SE',
    menu: 'Svenska',
    errors: 'Synkroniseringsfel för kopplade data',
    operations: 'Kundsynkroniseringsstatus',
    log: 'Synkroniseringslogg',
    columns: ['Kanalnamn', 'Kundkonto', 'Asynkront kundkonto', 'Tidsstämpel för åtgärd', 'Kundsynkroniseringsstatus'],
    header: ['Kundkonto', 'Retail Async-åtgärd', 'Kundsynkroniseringsstatus', 'Senast kända fel'],
    sections: ['Ändringsbeskrivning', 'Kundattribut'],
    actions: ['Försök igen', 'Synkronisera', 'Ta bort koppling', 'Återställ poster', 'Ta bort poster'],
  },
  nl: {
    browser: 'nl-BE',
    menu: 'Nederlands',
    errors: 'Synchronisatiefouten voor gekoppelde gegevens',
    operations: 'Synchronisatiestatus van klant',
    log: 'Synchronisatielogboek',
    columns: [
      'Naam van kanaal',
      'Klantrekening',
      'Asynchroon klantaccount',
      'Tijdstempel van bewerkingen',
      'Synchronisatiestatus van klant',
    ],
    header: ['Klantrekening', 'Retail Async-bewerking', 'Synchronisatiestatus van klant', 'Laatste bekende fout'],
    sections: ['Beschrijving van de wijziging', 'Klantkenmerken'],
    actions: [
      'Opnieuw proberen',
      'Synchroniseren',
      'Koppeling verwijderen',
      'Records herstellen',
      'Records verwijderen',
    ],
  },
} as const;

const LANGUAGES = Object.entries(NAMES);

const OPERATION = {
  id: 'o1',
  channel: 'houston',
  channelName: 'Houston',
  customerAccount: 'C000001',
  asyncCustomerAccount: '11111111-2222-4333-8444-555555555555',
  operationTimestamp: '2026-07-01T08:00:00Z',
  operation: 'updateCustomer',
  status: 'failed',
  lastKnownError: null,
  changeDescription: 'name changed from Ann to Anna',
  attempts: 1,
  attributes: [{ name: 'name', oldValue: 'Ann', newValue: 'Anna', changed: true }],
  edits: [],
  allowedActions: [],
  errorId: null,
  couplingId: null,
  jobId: null,
  blockedBy: null,
  partKey: null,
  createdBy: null,
  editing: null,
  nextStep: 'repair',
  history: [],
};

/** One operation, so that its list and its card have names to show; how operations come about is tested elsewhere. */
async function oneOperation(api: FastifyInstance): Promise<void> {
  api.get('/customer-operations', () => ({ items: [OPERATION], nextCursor: null, total: 1 }));
  api.get('/customer-operations/summary', () => ({ channels: [], failures: [] }));
  api.get('/customer-operations/o1', () => OPERATION);
}

const openWithOperation = () => openPage({ deps: { moreRoutes: [oneOperation] } });

const langOf = (page: Page): Promise<string | null> => page.locator('html').getAttribute('lang');
const headingOf = (page: Page): Promise<string | null> => page.getByRole('heading', { level: 1 }).textContent();

async function goTo(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await settled(page);
}

test('each browser language names headings, columns and actions as its administrators know them', async () => {
  await using open = await openWithOperation();
  const { here } = open;
  const conflict = await makeConflict(here);
  here.site.houston.delete('shoppers', { cust_num: 'C2' });
  await here.site.run();
  const [deletion] = (await here.get('/synchronization-errors?kind=deletion')).body.items;
  for (const [language, names] of LANGUAGES) {
    const { page, complaints } = await open.openAnother({ locale: names.browser });
    await goTo(page, '/errors');
    await expect.poll(() => langOf(page)).toBe(language);
    await expect.poll(() => headingOf(page)).toBe(names.errors);
    await goTo(page, '/log');
    await expect.poll(() => headingOf(page)).toBe(names.log);

    const actions: string[] = [];
    for (const id of [conflict, deletion.id]) {
      await goTo(page, `/errors/${id}`);
      await page.getByRole('button', { name: names.actions[2], exact: true }).first().waitFor();
      actions.push(...(await page.getByRole('button').allTextContents()));
    }
    expect(actions).toEqual(expect.arrayContaining([...names.actions]));

    await goTo(page, '/customer-operations');
    await expect.poll(() => headingOf(page)).toBe(names.operations);
    await page.getByRole('grid').waitFor();
    const columns = await page.getByRole('columnheader').allTextContents();
    expect(columns.filter((text) => text !== '')).toEqual(names.columns);

    await goTo(page, '/customer-operations/o1');
    await page.locator('dt').first().waitFor();
    expect((await page.locator('dt').allTextContents()).slice(0, 4)).toEqual(names.header);
    await expect
      .poll(() => page.locator('main').getByRole('heading', { level: 2 }).allTextContents())
      .toEqual(names.sections);
    expect(complaints).toEqual([]);
    await page.context().close();
  }
});

test('the menu changes the language at once, and the choice outlives a reload and beats the browser', async () => {
  await using open = await openWithOperation();
  const { page, complaints } = await open.openAnother({ locale: 'nl' });
  await goTo(page, '/errors');
  for (const [language, names] of LANGUAGES) {
    await page.locator('.header-language select').selectOption({ label: names.menu });
    await page.getByRole('heading', { level: 1, name: names.errors, exact: true }).waitFor();
    await expect.poll(() => langOf(page)).toBe(language);
    await page.reload();
    await settled(page);
    await expect.poll(() => langOf(page)).toBe(language);
    await expect.poll(() => headingOf(page)).toBe(names.errors);
  }
  const another = await page.context().newPage();
  await goTo(another, '/log');
  await expect.poll(() => headingOf(another)).toBe(NAMES.nl.log);
  expect(complaints).toEqual([]);
});

test('a browser whose language is not offered gets English', async () => {
  await using open = await openPage({ locale: 'de-DE' });
  await goTo(open.page, '/errors');
  await expect.poll(() => langOf(open.page)).toBe('en');
  await expect.poll(() => headingOf(open.page)).toBe(NAMES.en.errors);
});

test('what an error says is in the language of the page, with both values and what to do', async () => {
  await using open = await openPage();
  const id = await makeConflict(open.here);
  const said = {
    fr: 'Modifié dans les deux applications',
    sv: 'har ändrats i båda apparna',
    nl: 'In beide apps gewijzigd',
  };
  for (const [language, sentence] of Object.entries(said)) {
    const { page } = await open.openAnother({ locale: language });
    await goTo(page, `/errors/${id}`);
    const text = await page.locator('main').textContent();
    expect(text).toContain(sentence);
    expect(text).not.toMatch(/Changed in both apps|Choose a version|What to do/);
    await page.context().close();
  }
});

test('longer words fit a narrow window and stay accessible', async () => {
  await using open = await openWithOperation();
  const id = await makeConflict(open.here);
  for (const locale of ['fr', 'sv', 'nl']) {
    const { page } = await open.openAnother({ locale, width: 360, height: 740 });
    for (const address of ['/', '/errors', `/errors/${id}`, '/mappings', '/customer-operations/o1', '/jobs']) {
      await goTo(page, address);
      await expectFits(page);
    }
    await expectAccessible(page);
    await page.context().close();
  }
});

test('the longest name of a page leaves room for the count beside it', async () => {
  await using open = await openPage({ locale: 'sv' });
  await makeConflict(open.here);
  await goTo(open.page, '/');
  const badges = open.page.locator('.navigation .fui-CounterBadge');
  await badges.first().waitFor();
  await expectFits(open.page, '.shell-navigation');
  for (const entry of await open.page.locator('.navigation-name').all()) {
    const { scrollWidth, clientWidth } = await entry.evaluate((name) => ({
      scrollWidth: (name as unknown as { scrollWidth: number }).scrollWidth,
      clientWidth: (name as unknown as { clientWidth: number }).clientWidth,
    }));
    expect(scrollWidth, (await entry.textContent()) ?? '').toBeLessThanOrEqual(clientWidth);
  }
});
