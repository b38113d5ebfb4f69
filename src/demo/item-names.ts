/** What Contoso sells: ninety items in eight categories. */

export interface ItemLine {
  category: string;
  /** The first number of the line; its items follow one after the other. */
  number: number;
  /** Name, price of the smallest variant, its weight in kilograms, what is said of it. */
  products: readonly (readonly [name: string, price: number, weightKg: number, description: string])[];
  /** What is appended to the name, and how many times the price and the weight of the smallest. */
  variants: readonly (readonly [suffix: string, times: number])[];
}

export const categories: readonly (readonly [code: string, name: string])[] = [
  ['BEANS', 'Coffee beans'],
  ['TEA', 'Tea'],
  ['CUPS', 'Cups and mugs'],
  ['MACHINES', 'Coffee machines'],
  ['GRINDERS', 'Grinders'],
  ['FILTERS', 'Filters and brewers'],
  ['SYRUPS', 'Syrups'],
  ['CLEANING', 'Cleaning'],
];

export const itemLines: readonly ItemLine[] = [
  {
    category: 'BEANS',
    number: 1000,
    variants: [
      [', 250 g', 1],
      [', 1 kg', 3.6],
    ],
    products: [
      ['Ethiopia Yirgacheffe', 9.5, 0.27, 'Washed; jasmine, lemon and black tea.'],
      ['Kenya Nyeri AA', 10.2, 0.27, 'Blackcurrant and grapefruit, full-bodied.'],
      ['Colombia Huila', 8.4, 0.27, 'Caramel, red apple, round.'],
      ['Brazil Cerrado', 7.2, 0.27, 'Nuts and milk chocolate, little acidity.'],
      ['Guatemala Huehuetenango', 8.9, 0.27, 'Cocoa, orange and toffee.'],
      ['Costa Rica Tarrazú', 9.1, 0.27, 'Honey process; peach and brown sugar.'],
      ['Sumatra Mandheling', 8.6, 0.27, 'Cedar, spice, heavy body.'],
      ['Jamaica Blue Mountain', 38, 0.27, 'From the Clydesdale estate; mild and sweet.'],
      ['Espresso "Notte"', 7.8, 0.27, 'Dark roast with 20 % robusta for a thick crema.'],
      ['Espresso "Alba"', 8.1, 0.27, 'Medium roast, pure arabica.'],
      ['Decaf Valle del Cauca', 9.3, 0.27, 'Decaffeinated with sugar cane.'],
      ["Founder's Blend", 7.5, 0.27, 'What was in the first sack of 1987.'],
    ],
  },
  {
    category: 'TEA',
    number: 2000,
    variants: [['', 1]],
    products: [
      ['Assam Harmutty, tin 125 g', 11.9, 0.21, 'Second flush, malty.'],
      ['Darjeeling First Flush, tin 100 g', 16.5, 0.18, 'Light, floral, from Puttabong.'],
      ['Earl Grey, 20 pyramids', 6.4, 0.09, 'With oil of Calabrian bergamot.'],
      ['English Breakfast, 100 bags', 8.2, 0.29, 'Strong enough for milk.'],
      ['Sencha Uji, tin 100 g', 18.9, 0.18, 'Steamed, fresh and grassy.'],
      ['Genmaicha, bag 250 g', 12.4, 0.27, 'Green tea with roasted rice.'],
      ['Oolong Tieguanyin, tin 80 g', 19.5, 0.16, 'Orchid and cream.'],
      ['Rooibos Cederberg, 20 pyramids', 5.9, 0.09, 'Without caffeine.'],
      ['Mint "Nana", bag 100 g', 4.8, 0.12, 'Whole leaves from Morocco.'],
      ['Camomile, 20 pyramids', 5.2, 0.06, 'Flowers only.'],
      ['Masala Chai, bag 250 g', 9.7, 0.27, 'Cardamom, ginger, clove & pepper.'],
      ['Matcha ceremonial, tin 30 g', 27, 0.09, 'Stone-ground in Nishio.'],
    ],
  },
  {
    category: 'CUPS',
    number: 3000,
    variants: [
      [', white', 1],
      [', cobalt', 1.1],
      [', terracotta', 1.1],
    ],
    products: [
      ['Espresso cup 6 cl', 5.5, 0.16, 'Thick-walled porcelain, with saucer.'],
      ['Cappuccino cup 18 cl', 7.9, 0.31, 'Thick-walled porcelain, with saucer.'],
      ['Latte bowl 35 cl', 9.8, 0.42, 'Stoneware, for two hands.'],
      ['Mug "Föhr" 30 cl', 8.9, 0.36, 'Stackable.'],
      ['Travel mug 40 cl', 24.5, 0.33, 'Double-walled steel, tight lid.'],
      ['Teapot "Åre" 1.2 l', 44, 0.98, 'With a steel strainer.'],
    ],
  },
  {
    category: 'MACHINES',
    number: 4000,
    variants: [['', 1]],
    products: [
      ['Espresso machine Piccola 1', 489, 8.4, 'One group, thermoblock.'],
      ['Espresso machine Piccola 2', 749, 11.2, 'One group, dual boiler.'],
      ['Espresso machine Barista Pro 2G', 4890, 52, 'Two groups, rotary pump, 11 litres.'],
      ['Espresso machine Barista Pro 3G', 6490, 71, 'Three groups, rotary pump, 17 litres.'],
      ['Fully automatic Office 100', 1890, 18.5, 'Up to 100 cups a day.'],
      ['Fully automatic Office 250', 3290, 31, 'Up to 250 cups a day, fresh milk.'],
      ['Filter machine Thermo 2.2', 349, 6.9, 'Brews into an airpot.'],
      ['Water softener S 30', 128, 4.1, 'For machines up to two groups.'],
    ],
  },
  {
    category: 'GRINDERS',
    number: 5000,
    variants: [['', 1]],
    products: [
      ['Hand grinder Tramp', 79, 0.55, 'Conical steel burrs, 20 g.'],
      ['Hand grinder Oak', 119, 0.72, 'Ceramic burrs, oiled oak.'],
      ['Grinder Mignon 50', 329, 5.6, 'Flat burrs 50 mm, on demand.'],
      ['Grinder Titan 65', 649, 9.8, 'Flat burrs 65 mm, very quiet.'],
      ['Grinder Bar 75', 1290, 14.3, 'Grinds by weight, cooled.'],
      ['Bulk grinder Mill 1000', 1990, 27, 'A kilogram a minute.'],
    ],
  },
  {
    category: 'FILTERS',
    number: 6000,
    variants: [['', 1]],
    products: [
      ['Hand dripper V2, porcelain', 22, 0.44, 'For one to four cups.'],
      ['Hand dripper V2, copper', 64, 0.29, 'Hand-beaten.'],
      ['Paper filters V2, 100 pcs', 5.6, 0.12, 'Bleached with oxygen.'],
      ['French press 1 l', 39.5, 0.81, 'Borosilicate glass, steel frame.'],
      ['Moka pot, 6 cups', 34, 0.66, 'Aluminium, for all hobs but induction.'],
      ['Syphon brewer "Kobe"', 139, 1.9, 'With a halogen burner.'],
      ['Gooseneck kettle 0.9 l', 89, 1.2, 'Keeps the temperature to the degree.'],
      ['Scale with timer', 59, 0.48, '0.1 g up to 2 kg.'],
    ],
  },
  {
    category: 'SYRUPS',
    number: 7000,
    variants: [['', 1]],
    products: [
      ['Syrup Vanilla, 0.7 l', 8.9, 1.3, 'Bourbon vanilla from Madagascar.'],
      ['Syrup Hazelnut, 0.7 l', 8.9, 1.3, 'Contains no nuts.'],
      ['Syrup Caramel, 0.7 l', 8.9, 1.3, 'With fleur de sel.'],
      ['Syrup Crème brûlée, 0.7 l', 9.4, 1.3, 'For latte and dessert.'],
      ['Syrup Gingerbread, 0.7 l', 9.4, 1.3, 'From October to January.'],
      ['Chocolate sauce, 1.9 l', 21.5, 2.6, '43 % cocoa.'],
      ['Agave syrup, 1 l', 12.8, 1.4, 'Neutral in taste.'],
      ['Cane sugar sticks, 1,000 pcs', 19.9, 4.2, '4 g each.'],
    ],
  },
  {
    category: 'CLEANING',
    number: 8000,
    variants: [['', 1]],
    products: [
      ['Group cleaner powder, 900 g', 13.9, 1, 'For backflushing.'],
      ['Cleaning tablets, 100 pcs', 18.5, 0.41, 'For fully automatic machines.'],
      ['Milk system cleaner, 1 l', 12.2, 1.1, 'Removes fat and protein.'],
      ['Descaler, 6 × 125 ml', 21, 0.95, 'On the basis of citric acid.'],
      ['Grinder cleaner, 430 g', 26.5, 0.5, 'Edible, without gluten.'],
      ["Barista's cloths, 4 pcs", 15.9, 0.2, 'Microfibre; steam wand, grouphead, tray, bar.'],
    ],
  },
];
