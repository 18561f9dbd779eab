#include "harness/policy/policy_file.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fstream>

#include "harness/names.h"
#include "harness/results/run_directory.h"

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

template <class Value, class Convert>
std::vector<Value> rows_from(const Grid& grid, const Json& rows, const char* name,
                             const Convert& convert) {
  std::vector<Value> values;
  for (const Json& row : rows) {
    for (const Json& value : row) values.push_back(convert(value));
  }
  if (rows.size() != grid.rows || values.size() != grid.nodes()) {
    throw std::invalid_argument(
        fmt::format("boundaries: {} has {} rows and {} values; expected {} "
                    "rows of {}",
                    name, rows.size(), values.size(), grid.rows, grid.columns));
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

double finite_number(const Json& value) {
  const double number = value.get<double>();
  if (!std::isfinite(number)) throw std::invalid_argument("boundaries: a value is not finite");
  return number;
}

std::optional<double> number_or_null(const Json& value) {
  if (value.is_null()) return std::nullopt;
  return finite_number(value);
}

Boundary boundary_from(const Grid& grid, const Json& object) {
  Boundary boundary;
  boundary.threads = object.at("threads");
  boundary.log2_k = rows_from<double>(grid, object.at("log2_k"), "log2_k", finite_number);
  boundary.low =
      rows_from<std::optional<double>>(grid, object.at("log2_k_low"), "log2_k_low", number_or_null);
  boundary.high = rows_from<std::optional<double>>(grid, object.at("log2_k_high"), "log2_k_high",
                                                   number_or_null);
  boundary.place = rows_from<Place>(grid, object.at("place"), "place", [](const Json& name) {
    return value_in(place_names, name.get<std::string>());
  });
  boundary.smoothness = object.at("smoothness");
  boundary.sharpness = object.at("sharpness");
  boundary.validated_regret = object.at("validated_regret");
  boundary.shapes = object.at("shapes");
  return boundary;
}

Json powers_json(int first, std::size_t count) {
  Json powers = Json::array();
  for (std::size_t i = 0; i < count; ++i) powers.push_back(1LL << (first + static_cast<int>(i)));
  return powers;
}

/// The first exponent of ascending powers of two.
int first_power(const Json& values, const char* name) {
  const int first = values.empty() ? 0 : static_cast<int>(std::log2(values.at(0).get<double>()));
  if (values.size() < 2 || first < 0 || values.size() + first > 60 ||
      values != powers_json(first, values.size())) {
    throw std::invalid_argument(
        fmt::format("{} = {}; expected two or more successive powers of two", name, values.dump()));
  }
  return first;
}

Grid grid_from(const Json& object) {
  return {first_power(object.at("m_nodes"), "m_nodes"),
          first_power(object.at("n_nodes"), "n_nodes"), object.at("m_nodes").size(),
          object.at("n_nodes").size()};
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

void read_provenance(const Json& object, Policy& policy) {
  for (const Json& run : object.at("runs")) {
    policy.sources.push_back(
        {run.at("experiment"), run.at("started"), run.at("git"), run.at("directory")});
  }
  policy.git = object.at("git");
  policy.made = object.at("made");
  policy.cells = object.at("cells");
  for (const Json& shape : object.at("training_shapes")) {
    policy.training.push_back({shape.at(0), shape.at(1), shape.at(2)});
  }
  std::sort(policy.training.begin(), policy.training.end());
}

Policy policy_from(const Json& object) {
  Policy policy;
  policy.machine = object.at("machine").at("name");
  policy.cpu = object.at("machine").at("cpu");
  policy.cpu_model = optional_from<std::string>(object.at("machine"), "cpu_model");
  policy.cores = object.at("machine").at("cores");
  policy.condition = object.at("condition").get<std::map<std::string, std::string>>();
  policy.serial_kernel = object.at("kernels").at("serial");
  policy.parallel_kernel = object.at("kernels").at("parallel");
  policy.threads = object.at("threads").get<std::vector<int>>();
  policy.confidence = object.at("confidence");
  policy.grid = grid_from(object);
  for (const Json& boundary : object.at("boundaries")) {
    policy.boundaries.push_back(boundary_from(policy.grid, boundary));
  }
  std::vector<int> counts{1};
  for (const Boundary& boundary : policy.boundaries) counts.push_back(boundary.threads);
  const bool ascending = std::is_sorted(counts.begin(), counts.end(), std::less_equal<>());
  if (counts.size() < 2 || counts != policy.threads || !ascending) {
    throw std::invalid_argument(
        "threads must ascend from 1, with a boundary for each one but the first");
  }
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
  try {
    const Json object = Json::parse(stream);
    if (!object.is_object() || object.value("policy", Json(nullptr)) != "matmul") {
      throw std::invalid_argument("is no policy of family matmul");
    }
    const Json version = object.value("schema", Json(nullptr));
    if (version != schema_version) {
      throw std::invalid_argument(
          fmt::format("schema {} is not supported; expected {}", version.dump(), schema_version));
    }
    return policy_from(object);
  } catch (const std::exception& error) {
    throw StorageError(fmt::format("{}: {}", file.string(), error.what()));
  }
}

}  // namespace crossover::harness
