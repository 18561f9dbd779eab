#pragma once

#include <boost/program_options.hpp>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace crossover::experiments {

/// What the program ends with; documented in README.md.
enum ExitStatus {
  exit_done = 0,          // skipped and unsupported cells included
  exit_regression = 1,    // a gate found one
  exit_usage = 2,         // bad options or config
  exit_undecided = 3,     // a gate could not decide
  exit_cells_failed = 4,  // cells failed or were wrong; the rest was measured
  exit_environment = 5,   // package, lock, permission, disk
  exit_interrupted = 130,
};

/// Bad options: print the message and exit 2.
class UsageError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// `path`, if there is something. Throws UsageError.
std::string existing(const std::string& path);

using Arguments = std::vector<std::string>;

/// One command of the program. `run` gets what follows the command's name and returns an exit
/// status.
struct Command {
  const char* name;
  const char* summary;
  int (*run)(const Arguments& arguments);
};

int run_command(const Arguments& arguments);
int list_command(const Arguments& arguments);
int check_command(const Arguments& arguments);
int bench_command(const Arguments& arguments);
int plot_command(const Arguments& arguments);
int doctor_command(const Arguments& arguments);
int compare_command(const Arguments& arguments);
int report_command(const Arguments& arguments);
int export_command(const Arguments& arguments);
int simulate_command(const Arguments& arguments);
int policy_command(const Arguments& arguments);
int model_command(const Arguments& arguments);

/// The options of one command: parses, answers --help, and rejects what it does not know.
class Options {
 public:
  /// `usage` is the line after "crossover", `example` a whole command line.
  Options(std::string usage, std::string about, std::string example);

  boost::program_options::options_description_easy_init add();
  void positional(const char* name, int most);

  /// True when the command should go on; false after --help was printed. Throws UsageError.
  bool parse(const Arguments& arguments);

  const boost::program_options::variables_map& values() const { return values_; }
  bool has(const std::string& name) const { return values_.count(name) > 0; }
  std::string text(const std::string& name) const { return values_[name].as<std::string>(); }

  /// All words of that positional argument; none where it was not given.
  std::vector<std::string> words(const std::string& name) const;

  /// The value of --seed, a long long: from 0 up, else UsageError.
  std::uint64_t seed() const;

  /// The value of --format: one of `legal`, else UsageError.
  std::string format(const std::vector<std::string>& legal) const;

 private:
  std::string usage_;
  std::string about_;
  std::string example_;
  boost::program_options::options_description visible_;
  boost::program_options::options_description hidden_;
  boost::program_options::positional_options_description positional_;
  boost::program_options::variables_map values_;
};

}  // namespace crossover::experiments
