import { QrCode } from '../parts/qr-code.tsx';
import { safetyGroups } from '../text/safety-number.ts';

/** To be read aloud, or scanned by the other. */
export function SafetyNumber({ digits, qr }: { digits: string; qr: string }) {
  return (
    <div class="safety">
      <ol class="safety-number" aria-label="Safety number in groups of five digits">
        {safetyGroups(digits).map((group, index) => (
          // groups may repeat, so the position is the only key
          <li key={index}>{group}</li>
        ))}
      </ol>
      <QrCode text={qr} label="The safety number as a QR code" />
    </div>
  );
}
