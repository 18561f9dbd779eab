#pragma once

#include <string>
#include <vector>

namespace crossover::harness {

/// One field of RFC 4180 CSV, quoted where it must be.
std::string csv_field(const std::string& text);

/// One line with its end, "\r\n".
std::string csv_line(const std::vector<std::string>& fields);

}  // namespace crossover::harness
