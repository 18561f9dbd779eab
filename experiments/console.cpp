#include "experiments/console.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness/duration.h"

namespace crossover::experiments {
namespace {

// Often enough to see that it lives; rare enough not to disturb what is measured.
constexpr double terminal_interval_seconds = 0.5;
constexpr double plain_interval_seconds = 10;

/// Columns of the terminal on standard error; 80 where it does not tell.
std::size_t terminal_width() {
  winsize size{};
  constexpr std::size_t usual = 80;
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return usual;
  return size.ws_col;
}

}  // namespace

double monotonic_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Recorder::Recorder(const harness::Plan& plan, harness::RunDirectory* directory,
                   std::function<void()> save_plan)
    : plan_(plan),
      directory_(directory),
      save_plan_(std::move(save_plan)),
      terminal_(isatty(STDERR_FILENO) == 1),
      started_(monotonic_seconds()) {
  count_planned_cells();
}

void Recorder::count_planned_cells() {
  planned_cells_ = 0;
  for (const harness::SectionPlan& section : plan_.sections) {
    for (std::size_t arm = 0; arm < section.arms.size(); ++arm) {
      for (std::size_t problem = 0; problem < section.problems.size(); ++problem) {
        planned_cells_ += harness::runs(section, arm, problem);
      }
    }
  }
}

Recorder::~Recorder() { clear_line(); }

harness::Json Recorder::row(const char* kind, std::size_t section, std::size_t arm,
                            std::size_t problem) const {
  const harness::SectionPlan& plan = plan_.sections[section];
  return {{"row", kind},
          {"cell", harness::cell_id({plan.name, plan.arms[arm], plan.problems[problem]})},
          {"section", section},
          {"arm", arm},
          {"problem", problem}};
}

void Recorder::on_cell(std::size_t section, std::size_t arm, std::size_t problem,
                       const harness::CellFacts& facts) {
  harness::Json event = row("cell", section, arm, problem);
  if (facts.status == harness::Status::failed || facts.status == harness::Status::wrong) {
    bad_cells_.insert(event.at("cell"));
  }
  if (facts.status != harness::Status::measured || directory_ == nullptr) {
    done_cells_.insert(event.at("cell"));
  }
  if (directory_ == nullptr) return;
  event.update(harness::to_json(facts));
  directory_->append(event);
}

void Recorder::on_sample(std::size_t section, std::size_t arm, std::size_t problem,
                         const harness::Sample& sample) {
  harness::Json event = row("sample", section, arm, problem);
  done_cells_.insert(event.at("cell"));
  if (directory_ == nullptr) return;
  event.update(harness::to_json(sample));
  directory_->append(event);
}

void Recorder::on_flush() {
  if (directory_ != nullptr) directory_->flush();
}

void Recorder::on_closed(std::size_t section, std::size_t problem, int launch,
                         double elapsed_seconds) {
  if (directory_ == nullptr) return;
  directory_->append({{"row", "closed"},
                      {"section", section},
                      {"problem", problem},
                      {"launch", launch},
                      {"elapsed_seconds", elapsed_seconds}});
  directory_->flush();
}

void Recorder::on_plan_changed() {
  count_planned_cells();
  if (save_plan_) save_plan_();
}

void Recorder::on_progress(std::size_t section, const std::string& what,
                           std::optional<double> remaining_seconds) {
  const double now = monotonic_seconds();
  const bool new_section = section != shown_section_;
  const double interval = terminal_ ? terminal_interval_seconds : plain_interval_seconds;
  if (now - last_shown_ < interval && !new_section) return;
  last_shown_ = now;
  shown_section_ = section;
  // What matters most comes first: a narrow terminal shows the front of the line.
  std::string line = fmt::format("{}/{} cells, {}", done_cells_.size(), planned_cells_,
                                 harness::duration_text(now - started_));
  if (remaining_seconds.value_or(0) > 0) {
    line += fmt::format(", section about {} more", harness::duration_text(*remaining_seconds));
  }
  line += fmt::format(" | {}: {}", plan_.sections[section].name, what);
  clear_line();
  if (terminal_) line.resize(std::min(line.size(), terminal_width() - 1));
  fmt::print(stderr, "{}{}", line, terminal_ ? "" : "\n");
  std::fflush(stderr);
  line_shown_ = terminal_;
}

void Recorder::clear_line() {
  if (line_shown_) fmt::print(stderr, "\r\x1b[K");
  line_shown_ = false;
}

}  // namespace crossover::experiments
