#pragma once

namespace crossover::harness {

/// Turns SIGINT and SIGTERM into a request that the measuring loop looks at; a second one ends the
/// process at once. Call once, in the coordinator.
void catch_interrupts();

/// Whether SIGINT or SIGTERM has arrived since catch_interrupts().
bool interrupt_requested();

}  // namespace crossover::harness
