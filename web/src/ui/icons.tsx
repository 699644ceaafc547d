/* icons.tsx — the few signs of the console, drawn on a grid of 16. */
const paths = {
	board: "M2 3h5v5H2zM9 3h5v3H9zM9 8h5v5H9zM2 10h5v3H2z",
	tickets: "M2 4h12v3a1.5 1.5 0 0 0 0 3v3H2v-3a1.5 1.5 0 0 0 0-3zM9 4v9",
	alerts: "M8 2a4 4 0 0 0-4 4v3l-1.5 2.5h11L12 9V6a4 4 0 0 0-4-4zM6.5 13.5a1.5 1.5 0 0 0 3 0",
	explore: "M2 13V3M2 13h12M4.5 10l3-3.5 2.5 2 3.5-4.5",
	oncall: "M4 2.5h2.5L8 6 6.3 7.2a7 7 0 0 0 2.5 2.5L10 8l3.5 1.5V12a1.5 1.5 0 0 1-1.6 1.5A10 10 0 0 1 2.5 4.1 1.5 1.5 0 0 1 4 2.5z",
	estate: "M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.01M5 11h.01",
	customers: "M5.5 7a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4zM1.5 13.5c0-2.5 1.7-4 4-4s4 1.5 4 4M11 7.3a1.8 1.8 0 1 0-.5-3.5M11.5 9.6c1.8.2 3 1.6 3 3.9",
	admin: "M8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2M3.4 3.4l1.4 1.4M11.2 11.2l1.4 1.4M3.4 12.6l1.4-1.4M11.2 4.8l1.4-1.4",
	search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.8 10.8 14 14",
	plus: "M8 3v10M3 8h10",
	check: "M3 8.5 6.5 12 13 4.5",
	cross: "M4 4l8 8M12 4l-8 8",
	more: "M3 8h.01M8 8h.01M13 8h.01",
	phone: "M4 2.5h2.5L8 6 6.3 7.2a7 7 0 0 0 2.5 2.5L10 8l3.5 1.5V12a1.5 1.5 0 0 1-1.6 1.5A10 10 0 0 1 2.5 4.1 1.5 1.5 0 0 1 4 2.5z",
	mail: "M2 4h12v8.5H2zM2 4.5 8 9l6-4.5",
	message: "M2.5 3h11v8H7l-3 2.5V11H2.5z",
	bell: "M8 2a4 4 0 0 0-4 4v3l-1.5 2.5h11L12 9V6a4 4 0 0 0-4-4z",
	person: "M8 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM3 13.5c0-2.8 2-4.5 5-4.5s5 1.7 5 4.5",
	pause: "M5.5 3.5v9M10.5 3.5v9",
	up: "M8 13V3M4 7l4-4 4 4",
	clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 5v3.2l2.2 1.4",
	link: "M6.5 9.5l3-3M7 4.5l1-1a2.8 2.8 0 0 1 4 4l-1 1M9 11.5l-1 1a2.8 2.8 0 0 1-4-4l1-1",
	sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1.5V3M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M3.4 12.6l1-1M11.6 4.4l1-1",
	moon: "M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5z",
	eye: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
	wall: "M1.5 3h13v8.5h-13zM5.5 14h5",
	out: "M9 3H3v10h6M7 8h7M11.5 5.5 14 8l-2.5 2.5",
	left: "M10 3 5 8l5 5",
	right: "M6 3l5 5-5 5",
	edit: "M3 13l.6-2.8 7.2-7.2a1.4 1.4 0 0 1 2.2 2.2L5.8 12.4z",
	trash: "M3 4.5h10M6 4.5V3h4v1.5M4.5 4.5l.5 9h6l.5-9",
	steps: "M2 13h4v-4h4V5h4",
	star: "M8 2l1.8 3.9 4.2.5-3.1 2.9.8 4.2L8 11.4l-3.7 2.1.8-4.2L2 6.4l4.2-.5z",
} as const

export type IconName = keyof typeof paths

export function Icon({ name }: { name: IconName }) {
	return (
		<svg viewBox="0 0 16 16" width="16" height="16" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
			<path d={paths[name]} />
		</svg>
	)
}

/* How urgent, as a shape: colour is never the only sign. */
const shapes: Record<string, string> = {
	critical: "M5 0l5 5H0zM5 5l5 5H0z",
	high: "M5 1l5 8H0z",
	medium: "M5 0l5 5-5 5-5-5z",
	low: "M0 2h10L5 9z",
	none: "M1 4h8v2H1z",
}
export function Shape({ of }: { of: string }) {
	return (
		<svg viewBox="0 0 10 10" width="10" height="10" fill="currentColor" aria-hidden="true">
			<path d={shapes[of] ?? shapes.none} />
		</svg>
	)
}
