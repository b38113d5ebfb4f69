/** The next page of a list, where there is one. */
import { Button } from '@fluentui/react-components';
import { useSpeech } from '../language/language.tsx';

interface MoreButtonProps {
  readonly list: {
    readonly hasNextPage: boolean;
    readonly isFetchingNextPage: boolean;
    fetchNextPage(): Promise<unknown>;
  };
}

export function MoreButton({ list }: MoreButtonProps) {
  const { t } = useSpeech();
  if (!list.hasNextPage) return null;
  return (
    <Button size="small" disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
      {t.list.more}
    </Button>
  );
}
