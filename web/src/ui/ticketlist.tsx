/* ticketlist.tsx — tickets as rows: the same on the board and in the list, thousands or none, walked by j and k. */
import { useEffect, useState } from "preact/hooks"
import { clockOf, priorityOf, stateOf, type Ticket } from "../model"
import { go } from "../router"
import { t, type Word } from "../words"
import { Priority, StateChip, toneOf } from "./basics"
import { useTitles } from "./customer"
import { Shape } from "./icons"
import { SmallClock } from "./clocks"
import { useMask } from "./mask"
import { typing } from "./ring"
import { WindowList } from "./window"

interface Names {
	mask: ReturnType<typeof useMask>
	titleOf: (customer: string) => string
}

/* Names are handed in: thirty rows that scroll by need not each ask for them. */
function Row({ of: k, names: { mask, titleOf }, selected, onCheck, checked }: { of: Ticket; names: Names; selected: boolean; onCheck?: (on: boolean) => void; checked?: boolean }) {
	const [which, clock] = clockOf(k)
	return (
		<a class="ticket-row" href={`/ticket/${k.number}`} data-breached={clock.breached && stateOf(k) !== "closed"} data-selected={selected}>
			<span class="c-prio row">
				{onCheck && (
					<input
						type="checkbox"
						aria-label={t("choose_ticket", { n: k.number })}
						checked={checked}
						onClick={(ev) => {
							ev.stopPropagation()
							onCheck((ev.target as HTMLInputElement).checked)
						}}
						style={{ accentColor: "var(--accent)" }}
					/>
				)}
				<Priority of={priorityOf(k)} />
			</span>
			<span class="c-number muted num">{k.number}</span>
			<span style={{ minWidth: 0 }}>
				<span class="title ellipsis" style={{ display: "block" }}>
					<span class="only-narrow" data-tone={toneOf(priorityOf(k))} title={t(("priority_" + priorityOf(k)) as Word)}>
						<Shape of={priorityOf(k)} />{" "}
					</span>
					{mask.text(k.title)}
				</span>
				<span class="sub ellipsis" style={{ display: "block" }}>
					{mask.name(titleOf(k.customer), t("customer"))}
					{" · "}
					{k.assignee ? mask.name(k.assignee, "P") : k.team ? mask.name(k.team, "T") : t("nobody")}
					{k.suspension && " · " + t("waits_for").toLowerCase() + " " + t(("waits_" + k.suspension) as Word)}
					{(k.alerts?.length ?? 0) > 1 && " · " + t("n_alerts", { n: k.alerts!.length })}
				</span>
			</span>
			<span class="c-state">
				<StateChip of={stateOf(k)} />
			</span>
			<SmallClock name={which} of={clock} />
		</a>
	)
}

export function TicketList(p: { tickets: Ticket[]; height: string; checked?: Set<number>; onCheck?: (n: number, on: boolean) => void }) {
	const [at, setAt] = useState(-1)
	const names = { mask: useMask(), titleOf: useTitles() }
	const narrow = matchMedia("(max-width: 760px)").matches
	const wall = document.documentElement.dataset.wall === "true"
	useEffect(() => {
		const on = (ev: KeyboardEvent) => {
			if (typing(ev) || ev.ctrlKey || ev.metaKey || ev.altKey || document.querySelector("dialog[open]")) return
			if (ev.key === "j") setAt((i) => Math.min(p.tickets.length - 1, i + 1))
			else if (ev.key === "k") setAt((i) => Math.max(0, i - 1))
			else if (ev.key === "Enter" && p.tickets[at] && document.activeElement?.tagName !== "A" && document.activeElement?.tagName !== "BUTTON") go(`/ticket/${p.tickets[at].number}`)
			else return
			ev.preventDefault()
		}
		addEventListener("keydown", on)
		return () => removeEventListener("keydown", on)
	})
	return (
		<WindowList
			items={p.tickets}
			rowHeight={narrow ? 64 : wall ? 58 : 46}
			height={p.height}
			label={t("tickets")}
			keyOf={(k) => k.number}
			row={(k, i) => <Row of={k} names={names} selected={i === at} checked={p.checked?.has(k.number)} onCheck={p.onCheck && ((on) => p.onCheck!(k.number, on))} />}
		/>
	)
}
