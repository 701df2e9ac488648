/** A media type that Halo can answer with. */
type Offer = `${string}/${string}`;

const range = /^\s*([!#$%&'*+.^_`|~\w-]+\/[!#$%&'*+.^_`|~\w-]+)\s*(?:;(.*))?$/s;
const weight = /(?:^|;)\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*(?:;|$)/i;

/**
 * The media type to answer with, after RFC 9110 section 12.5.1: the acceptable one of the highest weight; of
 * several, the one that was asked for by name rather than by a range.
 *
 * @param offers from the most usual to the most special: a range gets the first, and whoever names several the
 * last, for nobody names by chance what is special
 * @returns undefined when none is acceptable
 */
export function acceptedOf<Name extends Offer>(
  accept: string | undefined,
  offers: readonly Name[],
): Name | undefined {
  if (accept === undefined || accept.trim() === '') return offers[0];
  const ranges = accept.split(',').flatMap(parseRange);
  const ranked = offers
    .map((offer, place) => ({ offer, place, ...bestRange(ranges, offer) }))
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality || b.precision - a.precision || tie(a, b));
  return ranked[0]?.offer;
}

interface Ranked {
  readonly place: number;
  readonly precision: number;
}

function tie(a: Ranked, b: Ranked): number {
  return a.precision === named ? b.place - a.place : a.place - b.place;
}

interface Range {
  readonly type: string;
  readonly quality: number;
}

/** What is malformed is passed over, as the RFC leaves open. */
function parseRange(text: string): Range[] {
  const [, type, parameters = ''] = range.exec(text) ?? [];
  if (type === undefined) return [];
  const quality = weight.exec(parameters)?.[1];
  return [{ type: type.toLowerCase(), quality: quality === undefined ? 1 : Number(quality) }];
}

/** The precision of a range that is a type itself; that of a range of subtypes is 1, of any type 0. */
const named = 2;

/** The most precise range that includes the type decides, also when its weight is the lower one. */
function bestRange(ranges: readonly Range[], offer: Offer): { quality: number; precision: number } {
  const [main = ''] = offer.split('/');
  const forms = ['*/*', `${main}/*`, offer];
  return ranges
    .map(({ type, quality }) => ({ quality, precision: forms.indexOf(type) }))
    .filter(({ precision }) => precision !== -1)
    .reduce((best, found) => (found.precision > best.precision ? found : best), {
      quality: 0,
      precision: -1,
    });
}
