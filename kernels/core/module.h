#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace crossover::kernels {

/// The file of the module `name` ("openblas" for libcrossover_openblas.so): beside the running
/// executable under kernels/, else in the build directory; nullopt where there is none.
std::optional<std::string> module_file(std::string_view name);

/// Why the module of a library cannot be used: "not built: ...", or nullopt when its file exists.
/// Loads nothing.
std::optional<std::string> why_no_module(std::string_view name, std::string_view library);

/// Loads a vendor's module so that its symbols stay its own (RTLD_LOCAL) and returns the address
/// of the entry table that it exports under `symbol`. A module is never unloaded, because the
/// threads that its library started would outlive their code.
/// Errors: std::runtime_error with the file and the loader's reason.
const void* load_module(std::string_view name, const char* symbol);

}  // namespace crossover::kernels
