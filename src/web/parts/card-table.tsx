/** A table of few columns with its heads; on a narrow screen each row is a card, whose cells name their column in `data-label`. */
import type { ReactNode } from 'react';

/** What numbers stand under is aligned with them. */
type Column = string | { readonly number: string };

interface CardTableProps {
  readonly columns: readonly Column[];
  readonly className?: string;
  /** The rows. */
  readonly children: ReactNode;
}

export function CardTable({ columns, className = '', children }: CardTableProps) {
  return (
    <table className={`table table-cards ${className}`.trimEnd()}>
      <thead>
        <tr>
          {columns.map((column) =>
            typeof column === 'string' ? (
              <th key={column} scope="col">
                {column}
              </th>
            ) : (
              <th key={column.number} scope="col" className="number">
                {column.number}
              </th>
            ),
          )}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}
