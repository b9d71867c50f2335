/** A colour of the style sheet as it is now, light or dark. */
export const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

export const seriesColour = (number: number): string => colour(`series-${number}`);
