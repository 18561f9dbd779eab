#include <algorithm>
#include <fmt/format.h>
#include <iostream>
#include <stdlib.h>

#include "build_info.h"
#include "experiments/command.h"
#include "experiments/figures.h"
#include "experiments/stored_runs.h"
#include "harness/results/manifest.h"
#include "harness/results/report.h"
#include "harness/results/run_directory.h"
#include "harness/results/stored_run.h"
#include "harness/results/summary.h"

namespace crossover::experiments {
namespace {

namespace fs = std::filesystem;

using harness::Json;

/// A folder for a moment.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (fs::temp_directory_path() / "crossover-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw harness::StorageError("cannot make " + name);
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::vector<fs::path> svg_files(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code none;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, none)) {
    if (entry.path().extension() == ".svg") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// One run on its way into a report.
class StoredReport {
 public:
  /// Recomputes the summary from the samples: a run that was killed has none.
  StoredReport(fs::path run, fs::path folder) : run_(std::move(run)), folder_(std::move(folder)) {
    const harness::StoredRun stored = harness::read_run(run_);
    manifest_ = stored.manifest;
    summary_ = harness::summarise(stored);
  }

  void write() {
    std::error_code error;
    fs::create_directories(folder_, error);
    const std::vector<fs::path> figures = find_figures();
    const fs::path method = fs::path(source_root) / "METHOD.md";
    const std::string link =
        fs::exists(method) ? fs::proximate(method, fs::absolute(folder_)).generic_string() : "";
    const harness::Document document = document_of(figures, link);
    harness::write_file(folder_ / "report.md", harness::as_markdown(document, folder_));
    harness::write_file(folder_ / "report.html", harness::as_html(document));
  }

  const Json& summary() const { return summary_; }
  const fs::path& run() const { return run_; }
  const fs::path& folder() const { return folder_; }

 private:
  harness::Document document_of(const std::vector<fs::path>& figures, const std::string& link) {
    try {
      return harness::make_report(manifest_, summary_, figures, link);
    } catch (const Json::exception& error) {
      throw harness::damaged_manifest(run_, error);
    }
  }

  /// The run's own figures, drawn where there are none; beside the report, so that it can be moved.
  std::vector<fs::path> find_figures() {
    const fs::path wanted = folder_ / "figures";
    std::vector<fs::path> stored = svg_files(run_ / "figures");
    if (stored.empty()) {
      draw(wanted);
      return svg_files(wanted);
    }
    if (fs::equivalent(folder_, run_)) return stored;
    for (fs::path& figure : stored) {
      fs::create_directories(wanted);
      fs::copy_file(figure, wanted / figure.filename(), fs::copy_options::overwrite_existing);
      figure = wanted / figure.filename();
    }
    return stored;
  }

  /// From a copy of the run that has a summary, since the run itself may not.
  void draw(const fs::path& folder) {
    const TemporaryFolder copy;
    harness::write_file(copy.path() / "manifest.json", harness::text_of(manifest_));
    harness::write_file(copy.path() / "summary.json", harness::text_of(summary_));
    const int status =
        draw_figures(copy.path().string(), {"--out", folder.string(), "--format", "svg"});
    if (status != exit_done) {
      std::cerr << "warning: no figures were drawn for " << run_.string() << "; see above\n";
    }
  }

  fs::path run_;
  fs::path folder_;
  Json manifest_;
  Json summary_;
};

/// Where the report of a run goes: beside the run, into OUT, or, of several, into a folder of OUT.
std::vector<fs::path> folders_of(const std::vector<fs::path>& runs, const std::string& out) {
  if (out.empty()) return runs;
  if (runs.size() == 1) return {out};
  std::vector<fs::path> folders;
  for (const fs::path& run : runs) {
    const fs::path path = fs::absolute(run).lexically_normal();
    const fs::path whole = path.has_filename() ? path : path.parent_path();
    const std::string name =
        fmt::format("{}-{}", whole.parent_path().filename().string(), whole.filename().string());
    fs::path folder = fs::path(out) / name;
    for (int number = 2; std::find(folders.begin(), folders.end(), folder) != folders.end();
         ++number) {
      folder = fs::path(out) / fmt::format("{}-{}", name, number);
    }
    folders.push_back(folder);
  }
  return folders;
}

void write_index(const std::vector<StoredReport>& reports, const fs::path& out) {
  std::vector<harness::IndexEntry> entries;
  for (const StoredReport& report : reports) {
    entries.push_back({&report.summary(), report.folder().filename().string()});
  }
  harness::write_file(out / "index.md",
                      harness::as_markdown(harness::make_index(entries, "report.md"), out));
  harness::write_file(out / "index.html",
                      harness::as_html(harness::make_index(entries, "report.html")));
}

void print(const std::vector<StoredReport>& reports, bool json) {
  Json list = Json::array();
  for (const StoredReport& report : reports) {
    const std::string markdown = (report.folder() / "report.md").string();
    const std::string html = (report.folder() / "report.html").string();
    list.push_back({{"run", report.run().string()}, {"markdown", markdown}, {"html", html}});
    if (!json) std::cout << markdown << "\n" << html << "\n";
  }
  if (json) std::cout << harness::text_of(list, 1) << "\n";
}

}  // namespace

int report_command(const Arguments& arguments) {
  Options options(
      "report DIR... [--out DIR]",
      "Writes report.md and report.html of stored runs, from their samples alone: the answer, the\n"
      "question, figures, tables, noise floor, ceilings, machine, method, and how to reproduce.\n"
      "The HTML is one file that needs nothing else.",
      "crossover report results/quickstart/20260131T120000Z-host");
  options.add()("out", boost::program_options::value<std::string>()->default_value(""),
                "folder for the reports (default: the run directory); with several runs one "
                "folder each and an index")(
      "format", boost::program_options::value<std::string>()->default_value("text"),
      "text or json: how the files written are listed");
  options.positional("runs", -1);
  if (!options.parse(arguments)) return exit_done;
  if (!options.has("runs")) {
    throw UsageError("report needs a run directory; see crossover report --help");
  }
  const bool json = options.format({"text", "json"}) == "json";
  std::vector<fs::path> runs;
  for (const std::string& path : options.values()["runs"].as<std::vector<std::string>>()) {
    runs.push_back(run_directory(path));
  }
  const std::string out = options.text("out");
  const std::vector<fs::path> folders = folders_of(runs, out);
  std::vector<StoredReport> reports;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    reports.emplace_back(runs[i], folders[i]);
    reports.back().write();
  }
  if (!out.empty() && runs.size() > 1) write_index(reports, out);
  print(reports, json);
  return exit_done;
}

}  // namespace crossover::experiments
