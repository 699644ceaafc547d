/* palette.tsx — Ctrl-K: go anywhere and do anything by typing; and the list of all keys (?). */
import { useEffect, useRef, useState } from "preact/hooks"
import { get } from "../api"
import { type Ticket } from "../model"
import { go } from "../router"
import { t } from "../words"
import { Dialog } from "./basics"
import { Icon, type IconName } from "./icons"

export interface Command {
	text: string
	icon: IconName
	keys?: string
	run: () => void
}

export function Palette({ commands, onClose }: { commands: Command[]; onClose: () => void }) {
	const ref = useRef<HTMLDialogElement>(null)
	const [words, setWords] = useState("")
	const [at, setAt] = useState(0)
	const [tickets, setTickets] = useState<Ticket[]>([])
	useEffect(() => {
		const before = document.activeElement as HTMLElement | null
		ref.current!.showModal()
		return () => before?.focus?.()
	}, [])
	useEffect(() => {
		if (words.trim().length < 1) return setTickets([])
		const id = setTimeout(async () => {
			try {
				setTickets(await get<Ticket[]>(`/api/tocsin/v1/tickets?fields=row&limit=8&q=${encodeURIComponent(words.trim())}`))
			} catch {
				setTickets([])
			}
		}, 120)
		return () => clearTimeout(id)
	}, [words])
	const low = words.trim().toLowerCase()
	const found: Command[] = [
		...commands.filter((c) => low.split(/\s+/).every((w) => c.text.toLowerCase().includes(w))),
		...tickets.map((k) => ({ text: `${t("ticket_n", { n: k.number })} ${k.title}`, icon: "tickets" as IconName, run: () => go(`/ticket/${k.number}`) })),
	]
	const chosen = Math.min(at, Math.max(0, found.length - 1))
	const run = (c?: Command) => {
		if (!c) return
		onClose()
		c.run()
	}
	const onKey = (ev: KeyboardEvent) => {
		if (ev.key === "ArrowDown") setAt(Math.min(found.length - 1, chosen + 1))
		else if (ev.key === "ArrowUp") setAt(Math.max(0, chosen - 1))
		else if (ev.key === "Enter") run(found[chosen])
		else return
		ev.preventDefault()
	}
	return (
		<dialog class="palette" ref={ref} onClose={onClose} aria-label={t("palette")}>
			<input
				class="input"
				role="combobox"
				aria-expanded="true"
				aria-controls="palette-list"
				aria-activedescendant={found.length ? `palette-${chosen}` : undefined}
				aria-label={t("palette")}
				placeholder={t("palette_hint")}
				value={words}
				onInput={(ev) => {
					setWords((ev.target as HTMLInputElement).value)
					setAt(0)
				}}
				onKeyDown={onKey}
			/>
			<ul role="listbox" id="palette-list" aria-label={t("palette")}>
				{found.slice(0, 40).map((c, i) => (
					<li key={c.text} id={`palette-${i}`} role="option" aria-selected={i === chosen} onClick={() => run(c)} onMouseMove={() => setAt(i)}>
						<Icon name={c.icon} />
						<span class="grow ellipsis">{c.text}</span>
						{c.keys && <kbd>{c.keys}</kbd>}
					</li>
				))}
			</ul>
			{!found.length && <div class="state-box">{t("palette_none")}</div>}
		</dialog>
	)
}

export function Keys({ keys, onClose }: { keys: [string, string][]; onClose: () => void }) {
	return (
		<Dialog title={t("keys")} onClose={onClose}>
			<dl class="facts">
				{keys.map(([k, text]) => [
					<dt key={k}>
						<kbd>{k}</kbd>
					</dt>,
					<dd key={k + "d"}>{text}</dd>,
				])}
			</dl>
		</Dialog>
	)
}
