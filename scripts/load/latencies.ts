import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from 'hdr-histogram-js';

/** A histogram of microseconds in HdrHistogram's own compressed form, base64. */
export type EncodedLatencies = string;

/** Counts latencies of 1 µs to an hour with three significant digits (hdrhistogram.org). */
export const createLatencies = (): Histogram =>
  build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 3_600_000_000,
    numberOfSignificantValueDigits: 3,
  });

/** @param seconds a latency; below a microsecond counts as one. */
export const recordLatency = (histogram: Histogram, seconds: number): void =>
  histogram.recordValue(Math.max(1, Math.round(seconds * 1e6)));

/** In seconds; 0 when nothing was recorded. @param percentile such as 99. */
export const percentile = (histogram: Histogram, percentile: number): number =>
  histogram.totalCount === 0 ? 0 : histogram.getValueAtPercentile(percentile) / 1e6;

export const encodeLatencies = (histogram: Histogram): EncodedLatencies =>
  encodeIntoCompressedBase64(histogram);
export const decodeLatencies = (encoded: EncodedLatencies): Histogram => decodeFromCompressedBase64(encoded);
