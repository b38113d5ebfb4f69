/** The records of the demo before Couplet ever ran. The same on every machine, so that people can talk about them. */
import { type Country, countries } from './countries.ts';
import { customerNames, groups } from './customer-names.ts';
import { itemLines } from './item-names.ts';

export interface DemoCustomer {
  accountNum: string;
  name: string;
  group: string;
  email: string;
  phone: string;
  country: Country;
  creditLimit: number;
  vatNumber: string | null;
  blocked: boolean;
  createdAt: string;
}

export interface DemoAddress {
  accountNum: string;
  purpose: 'invoice' | 'delivery' | 'private';
  street: string;
  postalCode: string;
  city: string;
  countryCode: string;
}

export interface DemoItem {
  itemNo: string;
  name: string;
  description: string;
  category: string;
  unitPrice: number;
  unitCost: number;
  ean: string;
  weightKg: number;
  introducedOn: string;
}

export interface DemoRecords {
  customers: DemoCustomer[];
  addresses: DemoAddress[];
  items: DemoItem[];
}

const addressCount = 240;

export function generateDemoRecords(): DemoRecords {
  const random = randomNumbers(1987);
  const customers = generateCustomers(random);
  return { customers, addresses: generateAddresses(customers, random), items: generateItems(random) };
}

function accountOf(number: number): string {
  return `C${String(number).padStart(6, '0')}`;
}

/** `Café Lumière` → `Cafe Lumiere`, as people write it who have no such keys. */
export function withoutAccents(text: string): string {
  const letters: Record<string, string> = { ß: 'ss', ø: 'o', Ø: 'O', ł: 'l', Ł: 'L', æ: 'ae', Æ: 'Ae', '’': "'" };
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[ßøØłŁæÆ’]/g, (letter) => letters[letter] ?? letter);
}

/** mulberry32: small, and the same everywhere. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function generateCustomers(random: (below: number) => number): DemoCustomer[] {
  const customers: DemoCustomer[] = [];
  // Across the countries, so that the customers of one do not stand together.
  for (const round of groups.keys()) {
    for (const [position, country] of countries.entries()) {
      const names = customerNames[country.code] ?? [];
      const [group, name] = names[(round + position) % names.length] ?? ['', ''];
      const number = customers.length + 1;
      const person = group === 'PRIVATE' || group === 'STAFF';
      customers.push({
        accountNum: accountOf(number),
        name,
        group,
        email: emailOf(name, country, person),
        phone: `${country.phone}${String(1000 + random(9000)).repeat(2)}`.slice(0, country.phoneLength + 1),
        country,
        creditLimit: person ? 0 : 500 * (1 + random(group === 'WHOLE' ? 60 : 20)),
        vatNumber: person ? null : `${country.code}${100_000_000 + random(900_000_000)}`,
        blocked: number % 30 === 29,
        createdAt: `${2017 + random(8)}-${twoDigits(1 + random(12))}-${twoDigits(1 + random(28))}T0${random(10)}:${twoDigits(random(60))}:00Z`,
      });
    }
  }
  return customers;
}

function emailOf(name: string, country: Country, person: boolean): string {
  const words = withoutAccents(name)
    .toLowerCase()
    .replace(/['’.]/g, '')
    .split(/[^a-z0-9]+/)
    .filter(Boolean);
  if (person) return `${words[0]}.${words.at(-1)}@post.example`;
  const mailbox = {
    fr: 'contact',
    de: 'kontakt',
    es: 'pedidos',
    it: 'ordini',
    pt: 'encomendas',
    pl: 'biuro',
    sv: 'order',
    da: 'ordre',
    nl: 'inkoop',
  };
  return `${(mailbox as Record<string, string>)[country.language] ?? 'orders'}@${words.slice(0, 4).join('-')}.example`;
}

function generateAddresses(customers: readonly DemoCustomer[], random: (below: number) => number): DemoAddress[] {
  const open = customers.filter(({ blocked }) => !blocked);
  const addressOf = (customer: DemoCustomer, purpose: DemoAddress['purpose']): DemoAddress => {
    const { places, numberFirst, code } = customer.country;
    const [street, postalCode, city] = places[random(places.length)] ?? ['', '', ''];
    const number = 1 + random(180);
    return {
      accountNum: customer.accountNum,
      purpose,
      street: numberFirst ? `${number} ${street}` : `${street} ${number}`,
      postalCode,
      city,
      countryCode: code,
    };
  };
  const main = open.map((customer) => addressOf(customer, customer.vatNumber === null ? 'private' : 'invoice'));
  const deliveries = open
    .filter(({ vatNumber }) => vatNumber !== null)
    .slice(0, addressCount - main.length)
    .map((customer) => addressOf(customer, 'delivery'));
  return [...main, ...deliveries];
}

function generateItems(random: (below: number) => number): DemoItem[] {
  return itemLines.flatMap((line) =>
    line.products.flatMap(([name, price, weightKg, description], product) =>
      line.variants.map(([suffix, times], variant) => {
        const number = line.number + product * 10 + variant;
        const unitPrice = Math.round(price * times * 10) / 10;
        return {
          itemNo: String(number),
          name: name + suffix,
          description,
          category: line.category,
          unitPrice,
          unitCost: Math.round(unitPrice * (45 + random(20)) * 100) / 10_000,
          ean: ean13(`4006381${String(number).padStart(5, '0')}`),
          weightKg: Math.round(weightKg * (line.category === 'BEANS' ? times : 1) * 1000) / 1000,
          introducedOn: `${2012 + random(13)}-${twoDigits(1 + random(12))}-01`,
        };
      }),
    ),
  );
}

/** With the check digit that scanners want. */
export function ean13(twelveDigits: string): string {
  const sum = [...twelveDigits].reduce((total, digit, index) => total + Number(digit) * (index % 2 === 0 ? 1 : 3), 0);
  return `${twelveDigits}${(10 - (sum % 10)) % 10}`;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}
