// The shapes in which people have routes, for help texts; the API knows them and refuses any other.

export const SHAPES = "waybill, cloudflare, cloudflare_docs, terraform or seed";
