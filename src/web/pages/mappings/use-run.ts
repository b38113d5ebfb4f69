/** Starts a run of a mapping, or of all, and tells where it can be followed. */
import type { JobDocument } from '../../../http/schemas/jobs.ts';
import type { MappingDocument } from '../../../http/schemas/mappings.ts';
import { navigate } from '../../address/address.ts';
import { readAgain } from '../../api/read.ts';
import { request } from '../../api/request.ts';
import { useSpeech } from '../../language/language.tsx';
import { faultText } from '../../parts/failed.tsx';
import { notify } from '../../parts/notices.tsx';

export interface Run {
  readonly scope: 'modified' | 'full';
  readonly dryRun?: boolean;
  readonly channel?: string;
}

export function useRun(): (mapping: Pick<MappingDocument, 'name' | 'label'> | null, run: Run) => void {
  const { t } = useSpeech();
  return (mapping, run) => {
    const path = mapping === null ? '/synchronize' : `/mappings/${encodeURIComponent(mapping.name)}/synchronize`;
    const start = async (): Promise<void> => {
      const job = await request<JobDocument>('POST', path, { body: run });
      // What a dry run found is all that it is for.
      if (run.dryRun === true) navigate(`/jobs/${job.id}`);
      else
        notify({
          text: t.mappings.started(mapping?.label ?? t.jobs.allMappings),
          link: { href: `/jobs/${job.id}`, text: t.words.job },
        });
      await readAgain();
    };
    start().catch((fault: unknown) => notify({ text: faultText(t, fault), kind: 'bad' }));
  };
}
