#pragma once

#include <string>

namespace crossover::harness {

/// Seconds for a person: "850 ns", "12.4 us", "3.10 ms", "2.5 s", "4 min 20 s", "1 h 05 min".
/// Three significant digits below a second.
std::string duration_text(double seconds);

/// Bytes for a person, by powers of 1024: "32 KiB", "1 MiB", "23.4 GiB".
std::string bytes_text(double bytes);

}  // namespace crossover::harness
