/** A mistake of the page itself is shown as one, instead of a white window. */
import { Button } from '@fluentui/react-components';
import { Component, type ReactNode } from 'react';
import { useSpeech } from '../language/language.tsx';

interface CrashState {
  readonly fault: unknown;
}

// Only a class can catch what drawing throws.
export class Crash extends Component<{ readonly children: ReactNode }, CrashState> {
  override state: CrashState = { fault: null };
  static getDerivedStateFromError(fault: unknown): CrashState {
    return { fault };
  }
  override render(): ReactNode {
    return this.state.fault === null ? this.props.children : <Crashed fault={this.state.fault} />;
  }
}

function Crashed({ fault }: { readonly fault: unknown }) {
  const { t } = useSpeech();
  return (
    <div className="failed" role="alert">
      <h1>{t.state.crashed}</h1>
      <p>{t.state.crashedMore}</p>
      <p className="quiet">{fault instanceof Error ? fault.message : null}</p>
      <Button appearance="primary" onClick={() => window.location.reload()}>
        {t.state.reload}
      </Button>
    </div>
  );
}
