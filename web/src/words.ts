/*
 * words.ts — the reader's language: picks a column of the catalogue, fills in what stands in braces.
 *
 * The language is the browser's until somebody chooses another.
 */
import { useEffect, useState } from "preact/hooks"
import { catalogue } from "./catalogue"

export type Word = keyof typeof catalogue

export const languages: [string, string][] = [
	["en", "English"],
	["it", "Italiano"],
	["fr", "Français"],
	["sv", "Svenska"],
	["zh", "中文"],
]
const codes = languages.map(([code]) => code)

function wanted(): string {
	const all = [localStorage.getItem("tocsin.language"), ...navigator.languages].map((l) => l?.slice(0, 2))
	return all.find((l) => l && codes.includes(l)) ?? "en"
}

let code = wanted()
let column = codes.indexOf(code)
const watchers = new Set<() => void>()
document.documentElement.lang = code

/* For Intl: the browser's own variant of the language where it has one (en-GB rather than en). */
export const locale = () => (code === "zh" ? "zh-CN" : code)

export function setLocale(to: string) {
	localStorage.setItem("tocsin.language", to.slice(0, 2))
	code = wanted()
	column = codes.indexOf(code)
	document.documentElement.lang = code
	watchers.forEach((fn) => fn())
}

export function useWords() {
	const [, turn] = useState(0)
	useEffect(() => {
		const fn = () => turn((n) => n + 1)
		watchers.add(fn)
		return () => void watchers.delete(fn)
	}, [])
}

export function t(word: Word, values?: Record<string, string | number>): string {
	const text = catalogue[word]?.[column] ?? word
	return values ? text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? "")) : text
}
