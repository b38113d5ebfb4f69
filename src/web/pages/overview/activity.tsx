/** Changes, writes and errors of the last day, hour by hour; the same as a table for whoever does not see plots. */
import { Button } from '@fluentui/react-components';
import { useState } from 'react';
import type { OverviewDocument } from '../../../http/schemas/stores.ts';
import { useSpeech } from '../../language/language.tsx';

type History = OverviewDocument['history'];

const WIDTH = 560;
const HEIGHT = 180;
const LEFT = 44;
const BOTTOM = 20;
const TOP = 8;
const SERIES = ['changes', 'writes', 'errors'] as const;

export function Activity({ history }: { readonly history: History }) {
  const { t } = useSpeech();
  const [asTable, setAsTable] = useState(false);
  return (
    <>
      {asTable ? <ActivityTable history={history} /> : <Plot history={history} />}
      <ul className="legend">
        {SERIES.map((name) => (
          <li key={name}>
            <svg viewBox="0 0 10 10" aria-hidden>
              <rect width="10" height="10" className={`plot-${name}`} />
            </svg>
            {t.overview[name]}
          </li>
        ))}
        <li className="legend-end">
          <Button size="small" appearance="subtle" onClick={() => setAsTable(!asTable)}>
            {asTable ? t.overview.showPlot : t.overview.showTable}
          </Button>
        </li>
      </ul>
    </>
  );
}

/** The next of 1, 2, 5 times a power of ten, so that the axis reads easily. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value) ?? value;
}

function Plot({ history }: { readonly history: History }) {
  const { t, format } = useSpeech();
  const highest = roundUp(Math.max(4, ...history.flatMap((hour) => SERIES.map((name) => hour[name]))));
  const sum = (name: (typeof SERIES)[number]): number => history.reduce((total, hour) => total + hour[name], 0);
  const plotHeight = HEIGHT - TOP - BOTTOM;
  const slot = (WIDTH - LEFT) / Math.max(1, history.length);
  const bar = Math.max(2, (slot - 4) / SERIES.length);
  const y = (value: number): number => TOP + plotHeight * (1 - value / highest);
  return (
    <svg
      className="plot"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={t.overview.activityText(sum('changes'), sum('writes'), sum('errors'))}
    >
      {[0, highest / 2, highest].map((value) => (
        <g key={value}>
          <line className="plot-line" x1={LEFT} x2={WIDTH} y1={y(value)} y2={y(value)} />
          <text x={LEFT - 6} y={y(value) + 4} textAnchor="end">
            {format.number(value)}
          </text>
        </g>
      ))}
      {history.map((hour, at) => (
        <g key={hour.hour}>
          <title>{`${format.hour(hour.hour)}: ${t.overview.activityText(hour.changes, hour.writes, hour.errors)}`}</title>
          <rect x={LEFT + at * slot} y={TOP} width={slot} height={plotHeight} fill="transparent" />
          {SERIES.map((name, index) => (
            <rect
              key={name}
              className={`plot-${name}`}
              x={LEFT + at * slot + 2 + index * bar}
              width={bar - 1}
              y={y(hour[name])}
              height={TOP + plotHeight - y(hour[name])}
            />
          ))}
          {at % 6 === 0 && (
            <text x={LEFT + at * slot} y={HEIGHT - 4}>
              {format.hour(hour.hour)}
            </text>
          )}
        </g>
      ))}
    </svg>
  );
}

function ActivityTable({ history }: { readonly history: History }) {
  const { t, format } = useSpeech();
  return (
    <table className="table">
      <thead>
        <tr>
          <th scope="col">{t.overview.hour}</th>
          {SERIES.map((name) => (
            <th key={name} scope="col" className="number">
              {t.overview[name]}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {history.map((hour) => (
          <tr key={hour.hour}>
            <th scope="row">{format.dateTime(hour.hour)}</th>
            {SERIES.map((name) => (
              <td key={name} className="number">
                {format.number(hour[name])}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
