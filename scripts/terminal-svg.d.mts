export interface Frame {
  at: number;
  text: string;
}
export function terminalSvg(
  frames: readonly Frame[],
  options: { columns: number; rows: number; title: string; description: string; hold: number },
): string;
