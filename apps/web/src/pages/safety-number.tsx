import { QrCode } from '../parts/qr-code.tsx';
import { safetyGroups } from '../text/safety-number.ts';

/** To be read aloud, or scanned by the other. */
export function SafetyNumber({ digits, qr }: { digits: string; qr: string }) {
  return (
    <div class="safety">
      <ol class="safety-number" aria-label="Safety number in groups of five digits">
        {safetyGroups(digits).map((group, index) => (
          // the same group may come twice, and their order is all that they have
          <li key={index}>{group}</li>
        ))}
      </ol>
      <QrCode text={qr} label="The safety number as a QR code" />
    </div>
  );
}
