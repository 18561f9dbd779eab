#include "harness/policy/policy_file.h"

#include <algorithm>
#include <bit>
#include <fmt/format.h>
#include <fstream>
#include <iterator>

#include "harness/names.h"
#include "harness/plan/limits.h"
#include "harness/results/run_directory.h"
#include "harness/stored_value.h"

namespace crossover::harness {
namespace {

constexpr Names<Place, 4> place_names{{
    {Place::measured, "measured"},
    {Place::above, "above"},
    {Place::below, "below"},
    {Place::unknown, "unknown"},
}};

/// Values of the nodes as rows, one for each m.
template <class Values, class Convert>
Json rows_json(const Grid& grid, const Values& values, const Convert& convert) {
  Json rows = Json::array();
  for (std::size_t row = 0; row < grid.rows; ++row) {
    Json one = Json::array();
    for (std::size_t column = 0; column < grid.columns; ++column) {
      one.push_back(convert(values[row * grid.columns + column]));
    }
    rows.push_back(std::move(one));
  }
  return rows;
}

/// Values of the nodes, m by m, from a row for each m.
template <class Convert>
auto rows_from(const Grid& grid, const StoredValue& rows, const Convert& convert) {
  std::vector<decltype(convert(rows))> values;
  const std::vector<StoredValue> lists = rows.elements();
  if (lists.size() != grid.rows) {
    rows.refuse(fmt::format("{} rows, one for each of m_nodes", grid.rows));
  }
  for (const StoredValue& row : lists) {
    const std::vector<StoredValue> nodes = row.elements();
    if (nodes.size() != grid.columns) {
      row.refuse(fmt::format("{} values, one for each of n_nodes", grid.columns));
    }
    for (const StoredValue& node : nodes) values.push_back(convert(node));
  }
  return values;
}

Json boundary_json(const Grid& grid, const Boundary& boundary) {
  const auto number = [](double value) { return Json(value); };
  const auto optional = [](const std::optional<double>& value) { return nullable(value); };
  const auto place = [](Place value) { return Json(name_in(place_names, value)); };
  return {{"threads", boundary.threads},
          {"log2_k", rows_json(grid, boundary.log2_k, number)},
          {"log2_k_low", rows_json(grid, boundary.low, optional)},
          {"log2_k_high", rows_json(grid, boundary.high, optional)},
          {"place", rows_json(grid, boundary.place, place)},
          {"smoothness", boundary.smoothness},
          {"sharpness", boundary.sharpness},
          {"validated_regret", boundary.validated_regret},
          {"shapes", boundary.shapes}};
}

double finite_number(const StoredValue& value) { return value.finite(); }

std::optional<double> number_or_null(const StoredValue& value) {
  if (value.is_null()) return std::nullopt;
  return value.finite();
}

Place place_from(const StoredValue& value) {
  const std::string name = value.text();
  try {
    return value_in(place_names, name);
  } catch (const std::invalid_argument&) {
    value.refuse("measured, above, below or unknown");
  }
}

Boundary boundary_from(const Grid& grid, const StoredValue& value) {
  Boundary boundary;
  boundary.threads = value.at("threads").small(2);
  boundary.log2_k = rows_from(grid, value.at("log2_k"), finite_number);
  boundary.low = rows_from(grid, value.at("log2_k_low"), number_or_null);
  boundary.high = rows_from(grid, value.at("log2_k_high"), number_or_null);
  boundary.place = rows_from(grid, value.at("place"), place_from);
  boundary.smoothness = value.at("smoothness").finite();
  boundary.sharpness = value.at("sharpness").finite();
  boundary.validated_regret = value.at("validated_regret").finite();
  boundary.shapes = static_cast<std::size_t>(value.at("shapes").count());
  return boundary;
}

Json powers_json(int first, std::size_t count) {
  Json powers = Json::array();
  for (std::size_t i = 0; i < count; ++i) powers.push_back(1LL << (first + static_cast<int>(i)));
  return powers;
}

/// The first exponent of ascending powers of two.
int first_power(const StoredValue& list) {
  constexpr std::size_t largest_exponent = 60;
  const std::vector<StoredValue> nodes = list.elements();
  const auto first =
      nodes.empty() ? 0 : static_cast<std::uint64_t>(nodes.front().whole(1, most_extent));
  const int exponent = std::bit_width(first) - 1;
  if (nodes.size() < 2 || nodes.size() + static_cast<std::size_t>(exponent) > largest_exponent ||
      list.json() != powers_json(exponent, nodes.size())) {
    list.refuse("two or more successive powers of two");
  }
  return exponent;
}

Grid grid_from(const StoredValue& object) {
  return {first_power(object.at("m_nodes")), first_power(object.at("n_nodes")),
          object.at("m_nodes").elements().size(), object.at("n_nodes").elements().size()};
}

Json provenance_json(const Policy& policy) {
  Json runs = Json::array();
  for (const PolicySource& source : policy.sources) {
    runs.push_back({{"experiment", source.experiment},
                    {"started", source.started},
                    {"git", source.git},
                    {"directory", source.directory}});
  }
  Json shapes = Json::array();
  for (const Shape& shape : policy.training) shapes.push_back({shape.m, shape.n, shape.k});
  return {{"runs", runs},
          {"git", policy.git},
          {"made", policy.made},
          {"cells", policy.cells},
          {"training_shapes", shapes}};
}

Shape shape_from(const StoredValue& value) {
  const std::vector<StoredValue> extents = value.elements();
  if (extents.size() != 3) value.refuse("three extents: m, n, k");
  return {extents[0].whole(1, most_extent), extents[1].whole(1, most_extent),
          extents[2].whole(1, most_extent)};
}

void read_provenance(const StoredValue& object, Policy& policy) {
  for (const StoredValue& run : object.at("runs").elements()) {
    policy.sources.push_back({run.at("experiment").text(), run.at("started").text(),
                              run.at("git").text(), run.at("directory").text()});
  }
  policy.git = object.at("git").text();
  policy.made = object.at("made").text();
  policy.cells = static_cast<std::size_t>(object.at("cells").count());
  for (const StoredValue& shape : object.at("training_shapes").elements()) {
    policy.training.push_back(shape_from(shape));
  }
  std::sort(policy.training.begin(), policy.training.end());
}

/// Ascending from 1, with a boundary for each one but the first.
std::vector<int> threads_from(const StoredValue& list, const std::vector<Boundary>& boundaries) {
  std::vector<int> threads;
  for (const StoredValue& count : list.elements()) threads.push_back(count.small(1));
  std::vector<int> counts{1};
  for (const Boundary& boundary : boundaries) counts.push_back(boundary.threads);
  const auto descent = std::adjacent_find(counts.begin(), counts.end(), std::greater_equal<>());
  if (boundaries.empty() || counts != threads || descent != counts.end()) {
    list.refuse("1 and the threads of each of boundaries, ascending");
  }
  return threads;
}

Policy policy_from(const StoredValue& object) {
  Policy policy;
  const StoredValue machine = object.at("machine");
  policy.machine = machine.at("name").text();
  policy.cpu = machine.at("cpu").text();
  policy.cpu_model =
      optional_at(machine, "cpu_model", [](const StoredValue& model) { return model.text(); });
  policy.cores = machine.at("cores").small(1);
  for (const auto& [key, value] : object.at("condition").members()) {
    policy.condition[key] = value.text();
  }
  policy.serial_kernel = object.at("kernels").at("serial").text();
  policy.parallel_kernel = object.at("kernels").at("parallel").text();
  policy.confidence = object.at("confidence").share();
  policy.grid = grid_from(object);
  for (const StoredValue& boundary : object.at("boundaries").elements()) {
    policy.boundaries.push_back(boundary_from(policy.grid, boundary));
  }
  policy.threads = threads_from(object.at("threads"), policy.boundaries);
  read_provenance(object.at("provenance"), policy);
  return policy;
}

}  // namespace

Json policy_json(const Policy& policy) {
  Json boundaries = Json::array();
  for (const Boundary& boundary : policy.boundaries) {
    boundaries.push_back(boundary_json(policy.grid, boundary));
  }
  return {{"schema", schema_version},
          {"policy", "matmul"},
          {"machine",
           {{"name", policy.machine},
            {"cpu", policy.cpu},
            {"cpu_model", nullable(policy.cpu_model)},
            {"cores", policy.cores}}},
          {"condition", policy.condition},
          {"kernels", {{"serial", policy.serial_kernel}, {"parallel", policy.parallel_kernel}}},
          {"threads", policy.threads},
          {"confidence", policy.confidence},
          {"m_nodes", powers_json(policy.grid.first_log2_m, policy.grid.rows)},
          {"n_nodes", powers_json(policy.grid.first_log2_n, policy.grid.columns)},
          {"boundaries", boundaries},
          {"provenance", provenance_json(policy)}};
}

Policy read_policy(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream || std::filesystem::is_directory(file)) {
    throw StorageError(
        fmt::format("cannot read {}; crossover policy fit makes a policy", file.string()));
  }
  const std::string text(std::istreambuf_iterator<char>(stream), {});
  try {
    const Json object = stored_object(text);
    if (object.value("policy", Json(nullptr)) != "matmul") {
      throw StorageError(fmt::format("{}: is no policy of family matmul", file.string()));
    }
    const Json version = object.value("schema", Json(nullptr));
    if (version != schema_version) {
      throw StorageError(fmt::format("{}: schema {} is not supported; expected {}", file.string(),
                                     text_of(version), schema_version));
    }
    return policy_from(StoredValue(object));
  } catch (const std::invalid_argument& error) {
    throw StorageError(fmt::format("{}: damaged: {}", file.string(), error.what()));
  }
}

}  // namespace crossover::harness
