#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <iostream>

#include "experiments/command.h"

namespace crossover::experiments {

std::string existing(const std::string& path) {
  std::error_code ignored;
  // What may not be looked at is for the reader to say.
  if (std::filesystem::status(path, ignored).type() != std::filesystem::file_type::not_found) {
    return path;
  }
  throw UsageError(fmt::format("{}: no such file", path));
}

namespace po = boost::program_options;

Options::Options(std::string usage, std::string about, std::string example)
    : usage_(std::move(usage)),
      about_(std::move(about)),
      example_(std::move(example)),
      visible_("Options") {
  visible_.add_options()("help,h", "print this and exit");
}

po::options_description_easy_init Options::add() { return visible_.add_options(); }

void Options::positional(const char* name, int most) {
  hidden_.add_options()(name, po::value<std::vector<std::string>>());
  positional_.add(name, most);
}

bool Options::parse(const Arguments& arguments) {
  po::options_description all;
  all.add(visible_).add(hidden_);
  try {
    // No abbreviations: "--thread" must not silently mean "--threads".
    const int style =
        po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
    po::store(
        po::command_line_parser(arguments).options(all).positional(positional_).style(style).run(),
        values_);
  } catch (const po::error& error) {
    throw UsageError(fmt::format("{}; see crossover {} --help", error.what(),
                                 usage_.substr(0, usage_.find(' '))));
  }
  if (!has("help")) return true;
  std::cout << "usage: crossover " << usage_ << "\n\n"
            << about_ << "\n\n"
            << visible_ << "\nExample:\n  " << example_ << "\n";
  return false;
}

std::vector<std::string> Options::words(const std::string& name) const {
  if (!has(name)) return {};
  return values_[name].as<std::vector<std::string>>();
}

std::uint64_t Options::seed() const {
  const long long seed = values_["seed"].as<long long>();
  if (seed < 0) throw UsageError(fmt::format("--seed = {}; expected 0 or more", seed));
  return static_cast<std::uint64_t>(seed);
}

std::string Options::format(const std::vector<std::string>& legal) const {
  std::string chosen = text("format");
  if (std::find(legal.begin(), legal.end(), chosen) == legal.end()) {
    throw UsageError(
        fmt::format("--format = {}; expected one of {}", chosen, fmt::join(legal, ", ")));
  }
  return chosen;
}

}  // namespace crossover::experiments
