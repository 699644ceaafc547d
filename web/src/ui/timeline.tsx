/* timeline.tsx — what happened, in order: one line an event, days apart, messages as bubbles. */
import { clockTime, longDay, sameDay } from "../format"
import { type JournalEvent } from "../live"
import { t, type Word } from "../words"
import { Icon, type IconName } from "./icons"
import { useMask } from "./mask"

const signs: Record<string, [IconName, string?]> = {
	alert_fired: ["alerts", "critical"], alert_resolved: ["check", "good"], alert_silenced: ["pause"], alert_inhibited: ["pause"], ticket_opened: ["tickets", "accent"],
	ticket_joined: ["plus"], ticket_left: ["check", "good"], ticket_state: ["steps", "accent"], ticket_priority: ["up"], ticket_assigned: ["person", "accent"],
	ticket_message: ["message", "accent"], ticket_linked: ["link"], sla_warned: ["clock", "high"], sla_breached: ["clock", "critical"], escalation_step: ["up", "high"],
	escalation_started: ["up"], escalation_skipped: ["right"], escalation_stopped: ["cross"], page_sent: ["phone", "high"], page_receipt: ["phone"],
	page_acknowledged: ["check", "good"], page_passed: ["right", "high"], notice_sent: ["mail"], notice_failed: ["mail", "critical"], resource_applied: ["edit"],
	access_changed: ["person"], access_denied: ["cross", "critical"], core_missing: ["cross", "critical"], desk_decided: ["steps"], silence_set: ["pause"],
}

const who = (actor: string) => actor.replace(/^(user|contact)\//, "")

export function Timeline({ events, fresh, subjects }: { events: JournalEvent[]; fresh?: Set<number>; subjects?: boolean }) {
	const mask = useMask()
	let day = ""
	return (
		<ol class="timeline">
			{events.map((ev) => {
				const head = !sameDay(ev.at, day)
				day = ev.at
				const [icon, tone] = signs[ev.kind] ?? ["right"]
				const said = ev.facts?.message
				return [
					head && (
						<li class="day" key={"d" + ev.seq}>
							{longDay(ev.at)}
						</li>
					),
					<li key={ev.seq} class={fresh?.has(ev.seq) ? "new" : ""}>
						<time dateTime={ev.at}>{clockTime(ev.at)}</time>
						<span class="mark" data-tone={tone}>
							<Icon name={icon} />
						</span>
						<div class="wrap">
							{subjects && ev.subject.startsWith("ticket/") && (
								<>
									<a href={"/" + ev.subject}>{t("ticket_n", { n: ev.subject.slice(7) })}</a>{" "}
								</>
							)}
							<span>{mask.text(ev.text)}</span>
							{ev.actor && ev.actor !== "engine" && <span class="by"> — {mask.name(who(ev.actor), "P")}</span>}
							{said && (
								<div class="said" data-audience={ev.facts.audience} tabIndex={said.length > 1200 ? 0 : undefined}>
									<div class="by">
										{mask.name(who(ev.actor), "P")} · {t(("audience_" + (ev.facts.audience || "internal")) as Word)}
									</div>
									{mask.text(said)}
								</div>
							)}
						</div>
					</li>,
				]
			})}
		</ol>
	)
}
