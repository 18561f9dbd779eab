#include <fstream>
#include <iostream>

#include "experiments/command.h"
#include "experiments/stored_runs.h"
#include "harness/results/export.h"
#include "harness/results/export_file.h"
#include "harness/results/run_directory.h"

namespace crossover::experiments {
namespace {

namespace fs = std::filesystem;

using StreamExport = void (*)(const fs::path& run, std::ostream& out);

void export_to_file(StreamExport write, const fs::path& run, const fs::path& path) {
  harness::ExportFile file(path);
  std::ofstream out(file.unfinished(), std::ios::binary);
  if (!out) throw harness::StorageError("cannot write " + file.unfinished().string());
  write(run, out);
  out.close();
  if (!out) throw harness::StorageError("cannot write " + file.unfinished().string());
  file.commit();
}

}  // namespace

int export_command(const Arguments& arguments) {
  Options options(
      "export DIR --format csv|gbench|sqlite [--out FILE]",
      "Writes the samples of a stored run for other tools: csv for pandas or R, gbench for Google\n"
      "Benchmark's compare.py, sqlite for SQL (views launch_medians, cell_medians and\n"
      "labelled_samples). Samples are streamed, however many there are.",
      "crossover export results/quickstart/20260131T120000Z-host --format sqlite");
  options.add()("format", boost::program_options::value<std::string>()->default_value("csv"),
                "csv, gbench or sqlite")(
      "out", boost::program_options::value<std::string>(),
      "the file; csv and gbench go to standard output without it, sqlite to DIR/samples.sqlite");
  options.positional("run", 1);
  if (!options.parse(arguments)) return exit_done;
  if (!options.has("run")) {
    throw UsageError("export needs a run directory; see crossover export --help");
  }
  const std::string format = options.format({"csv", "gbench", "sqlite"});
  const fs::path run =
      run_directory(options.values()["run"].as<std::vector<std::string>>().front());
  if (format == "sqlite") {
    const fs::path file =
        options.has("out") ? fs::path(options.text("out")) : run / "samples.sqlite";
    harness::export_sqlite(run, file);
    std::cout << file.string() << "\n";
    return exit_done;
  }
  const StreamExport write = format == "csv" ? harness::export_csv : harness::export_gbench;
  if (options.has("out")) {
    export_to_file(write, run, options.text("out"));
    std::cout << options.text("out") << "\n";
  } else {
    write(run, std::cout);
  }
  return exit_done;
}

}  // namespace crossover::experiments
