import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { cellAt, csvColumns, csvLine, parseCsv } from '../../src/http/csv.ts';

describe('CSV', () => {
  test('a cell that a spreadsheet would run begins with an apostrophe; numbers keep their sign', () => {
    expect(csvLine(['=1+1', '+cmd', '-2+3', '@x', '\tx', '-12.50', '+3', 4, null, true])).toBe(
      "'=1+1,'+cmd,'-2+3,'@x,'\tx,-12.50,+3,4,,true\r\n",
    );
    expect(csvLine(['a,b', 'say "hi"', 'two\nlines', '=","', { a: 1 }, ['x']])).toBe(
      '"a,b","say ""hi""","two\nlines","\'="",""","{""a"":1}","[""x""]"\r\n',
    );
  });

  test('the header comes from the schema, so it is there without a row', () => {
    const schema = z.strictObject({
      id: z.string(),
      record: z.strictObject({ key: z.record(z.string(), z.unknown()).nullable(), name: z.string() }).nullable(),
      fields: z.array(z.string()).optional(),
    });
    expect(csvColumns(schema)).toEqual(['id', 'record.key', 'record.name', 'fields']);
    const item = { id: '1', record: { key: { a: 'C1' }, name: 'x' } };
    expect(csvColumns(schema).map((column) => cellAt(item, column))).toEqual(['1', { a: 'C1' }, 'x', undefined]);
    expect(cellAt({ id: '1', record: null }, 'record.name')).toBeNull();
  });

  test('is read as it is written, whatever the line ends and quotes', () => {
    expect(parseCsv('\uFEFFa,b\r\n"x, ""y""",2\n\n3,\r\n')).toEqual({
      header: ['a', 'b'],
      rows: [
        ['x, "y"', '2'],
        ['3', ''],
      ],
    });
    expect(parseCsv('a\n"open')).toBeNull();
    expect(parseCsv('')).toEqual({ header: [], rows: [] });
  });
});
