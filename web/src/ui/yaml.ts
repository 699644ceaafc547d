/* yaml.ts — a resource as the YAML that `tocsin apply` takes. */
const reserved = /^(true|false|yes|no|on|off|null|y|n|nan|inf)$/i
const bare = (s: string) => /^[A-Za-z][\w\-./@ ]*$/.test(s) && !reserved.test(s) && !s.endsWith(" ")
const scalar = (v: unknown) => (typeof v === "string" ? (bare(v) ? v : JSON.stringify(v)) : String(v))
const plain = (v: unknown) => typeof v !== "object" || v === null
const short = (v: unknown[]) => v.every(plain) && v.map(scalar).join(", ").length < 80

function write(v: unknown, depth: string): string {
	if (plain(v)) return scalar(v)
	if (Array.isArray(v)) {
		if (short(v)) return "[" + v.map(scalar).join(", ") + "]"
		return v.map((x) => "\n" + depth + "- " + write(x, depth + "  ").replace(/^\n\s+/, "")).join("")
	}
	const entries = Object.entries(v as object).filter(([, x]) => x !== undefined && x !== "" && !(Array.isArray(x) && !x.length))
	if (!entries.length) return "{}"
	return entries
		.map(([k, x]) => {
			const inside = write(x, depth + "  ")
			return "\n" + depth + (bare(k) ? k : JSON.stringify(k)) + ":" + (inside.startsWith("\n") ? inside : " " + inside)
		})
		.join("")
}

export const yaml = (documents: object[]) => documents.map((d) => write(d, "").trimStart()).join("\n---\n") + "\n"
