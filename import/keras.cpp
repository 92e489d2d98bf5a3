// From layer to layer. Sources: Keras 2.15, engine/functional.py; Keras 3, models/functional.py (how descriptions refer
// to the tensors between layers).
#include "import/keras.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include "import/keras_call.hpp"
#include "import/text.hpp"
#include "import/zip.hpp"

namespace smelt::keras {

namespace {

/// Weights of a layer that is used several times are copied each time; this holds it to a proportion.
constexpr int64_t weights_slack = int64_t{64} << 20;

const Converters& converters() {
  static const Converters all = [] {
    Converters to;
    for (auto* add :
         {add_activations, add_convolutions, add_merges, add_normalizations, add_pools, add_recurrent, add_shapes})
      add(to);
    return to;
  }();
  return all;
}

/// Output `tensor` of the `node`th use of a layer.
struct Ref {
  std::string layer;
  int64_t node = 0, tensor = 0;
  bool operator<(const Ref& o) const { return std::tie(layer, node, tensor) < std::tie(o.layer, o.node, o.tensor); }
};

/// One use of a layer within a model.
struct Use {
  const Layer* layer;
  int64_t node;
  std::vector<Ref> inputs, initial_state;
};

int64_t small(const Json& value) {
  return value.is_number_integer() && value.get<double>() >= 0 && value.get<double>() < 1e6 ? value.get<int64_t>() : -1;
}

/// ["name", node, tensor, ...]
bool is_triple(const Json& j) {
  return j.is_array() && j.size() >= 3 && j[0].is_string() && j[1].is_number_integer() && j[2].is_number_integer();
}

Ref triple(const Json& j) { return {j[0].get<std::string>(), small(j[1]), small(j[2])}; }

/// All references within, in order: Keras 2's triples, Keras 3's objects, lists and named ones of both.
void references(const Json& j, std::vector<Ref>& to) {
  if (is_triple(j)) {
    to.push_back(triple(j));
  } else if (j.is_object() && text(j, "class_name") == "__keras_tensor__") {
    const Json* config = field(j, "config");
    const Json* history = config == nullptr ? nullptr : field(*config, "keras_history");
    if (history != nullptr && is_triple(*history)) to.push_back(triple(*history));
  } else if (j.is_array() || j.is_object()) {
    for (const Json& item : j) references(item, to);
  }
}

/// Keras 2 counts a use of models within models that their descriptions do not list, the one at their making: by how
/// much the numbers that references give are ahead of the uses that are there.
std::map<std::string, int64_t> uncounted(const std::vector<Use>& uses, const std::vector<Ref>& tails) {
  std::map<std::string, int64_t> count, most;
  const auto look = [&](const std::vector<Ref>& refs) {
    for (const Ref& r : refs) most[r.layer] = std::max(most[r.layer], r.node);
  };
  look(tails);
  for (const Use& use : uses) {
    ++count[text(*use.layer->json, "name", use.layer->name)];
    look(use.inputs);
    look(use.initial_state);
  }
  std::map<std::string, int64_t> ahead;
  for (const auto& [name, uses_of] : count) ahead[name] = std::max<int64_t>(most[name] + 1 - uses_of, 0);
  return ahead;
}

// ---- layers that nobody knows ----

void find_unknown(const std::string& file, const Layer& layer, Failure& all) {
  for (const Layer& child : layer.children) find_unknown(file, child, all);
  if (layer.is_model() || converters().count(layer.class_name) != 0) return;
  const std::string where = place(file, layer);
  const bool of_keras =
      text(*layer.json, "module").rfind("keras.", 0) == 0 && text(*layer.json, "registered_name").empty();
  if (layer.class_name == "Lambda" || layer.class_name == "TFOpLambda" || layer.class_name == "SlicingOpLambda") {
    all.diagnostics.push_back({"E0312", where,
                               "a layer of class " + layer.class_name + " holds Python code, which is not read",
                               "express it by layers of Keras"});
  } else if (of_keras) {
    all.diagnostics.push_back(
        {"E0311", where, "layers of class " + layer.class_name + " are not supported", "replace it by others"});
  } else {
    all.diagnostics.push_back(
        {"E0312", where, "the class " + layer.class_name + " is a custom object, or a layer that is not supported",
         "its code is not in the file; express it by layers of Keras"});
  }
}

Outcome known(const File& file) {
  Failure unknown;
  find_unknown(file.name, file.model, unknown);
  if (!unknown.diagnostics.empty()) return unknown;
  return Done{};
}

}  // namespace

class Context {
 public:
  Context(File& file, const std::map<std::string, Shape>& shapes, int64_t budget)
      : file_(file), b_(file.name), shapes_(shapes), budget_(budget) {}

  Result<Graph> run();
  Ids call(const Layer& layer, const Ids& inputs, const Ids& initial_state);

 private:
  [[noreturn]] void malformed(const Layer& model, const std::string& reason) const {
    throw Refusal{
        Failure("E0141", place(file_.name, model), reason, "the file contradicts itself; save the model again")};
  }

  TensorId input(const Layer& layer, const std::string& name, const Json* shape);
  Shape input_shape(const Layer& layer, const std::string& name, const Json& described);
  TensorId sequential_input(const Layer& model);

  Ids run_model(const Layer& model, const Ids& inputs);
  Ids run_sequential(const Layer& model, TensorId x);
  Ids run_functional(const Layer& model, const std::vector<Ref>& heads, const Ids& inputs);
  std::vector<Use> uses(const Layer& model, const std::set<std::string>& heads);
  std::vector<Ref> ends(const Layer& model, const char* name) const;
  void spend(const Layer& layer);

  File& file_;
  GraphBuilder b_;
  const std::map<std::string, Shape>& shapes_;
  std::set<std::string> input_names_;
  int64_t budget_;
  int64_t calls_ = 0;
};

// ---- inputs ----

Shape Context::input_shape(const Layer& layer, const std::string& name, const Json& described) {
  if (!described.is_array() || described.size() > max_rank) malformed(layer, "its shape is no list of dimensions");
  const auto given = shapes_.find(name);
  if (given != shapes_.end() && given->second.size() != described.size()) {
    throw Refusal{Failure(ExitCode::usage, {"E0002", "--shape " + name + "=" + to_string(given->second),
                                            "the input has " + std::to_string(described.size()) + " dimensions", ""})};
  }
  Shape shape;
  std::string open;
  for (size_t d = 0; d < described.size(); ++d) {
    const int64_t known = described[d].is_null() ? 0 : small(described[d]);
    if (known < 0) malformed(layer, "its shape holds something else than sizes");
    const int64_t told = given == shapes_.end() ? 0 : given->second[d];
    if (known != 0 && told != 0 && known != told) {
      throw Refusal{Failure(ExitCode::usage,
                            {"E0002", "--shape " + name + "=" + to_string(given->second),
                             "dimension " + std::to_string(d) + " is " + std::to_string(known) + " in the file", ""})};
    }
    if (known == 0 && told == 0 && d > 0) open += (open.empty() ? "" : ", ") + std::to_string(d);
    shape.push_back(static_cast<int32_t>(told != 0 ? told : known != 0 ? known : 1));
  }
  if (!open.empty()) {
    std::string example;
    for (size_t d = 0; d < shape.size(); ++d) {
      const bool fixed = d == 0 || !described[d].is_null();
      example += (d == 0 ? "" : "x") + (fixed ? std::to_string(shape[d]) : "N");
    }
    throw Refusal{Failure("E0207", place(file_.name, layer), "dimensions without a size: " + open,
                          "say them by --shape " + name + "=" + example)};
  }
  return shape;
}

TensorId Context::input(const Layer& layer, const std::string& name, const Json* shape) {
  if (shape == nullptr) malformed(layer, "the input has no shape");
  const Json* type = field(*layer.config, "dtype");
  std::string word = type != nullptr && type->is_string() ? type->get<std::string>() : "float32";
  if (word == "float16" || word == "float64" || word == "bfloat16") word = "float32";
  const std::optional<DType> dtype = word == "float32" ? DType::f32
                                     : word == "int32" ? DType::i32
                                     : word == "int64" ? DType::i64
                                     : word == "uint8" ? DType::u8
                                     : word == "int8"  ? DType::i8
                                                       : std::optional<DType>();
  b_.begin(layer.number, name, layer.class_name);
  if (!dtype) b_.refuse("E0313", "an input of type " + printable(word, 40) + " is not supported");
  input_names_.insert(name);
  return b_.input(name, *dtype, input_shape(layer, name, *shape));
}

const Json* shape_of(const Json& config) {
  for (const char* name : {"batch_shape", "batch_input_shape", "build_input_shape"}) {
    if (const Json* shape = field(config, name)) return shape;
  }
  return nullptr;
}

TensorId Context::sequential_input(const Layer& model) {
  const Layer* at = &model;
  std::string name = "input";
  for (int depth = 0; depth < 16; ++depth) {
    if (at->class_name == "InputLayer") name = printable(at->name);
    if (at->config->is_object()) {
      if (const Json* shape = shape_of(*at->config)) return input(*at, name, shape);
    }
    if (at->children.empty()) break;
    at = &at->children[0];
  }
  malformed(model, "the shape of its input is not in the file; build the model before saving it");
}

// ---- models ----

void Context::spend(const Layer& layer) {
  if (++calls_ > static_cast<int64_t>(max_graph_nodes)) {
    throw Refusal{Failure("E0201", place(file_.name, layer),
                          "the model uses more than " + std::to_string(max_graph_nodes) + " layers", "")};
  }
  for (const Array& a : layer.weights) budget_ -= static_cast<int64_t>(a.values.size() * sizeof(float));
  if (budget_ < 0) {
    throw Refusal{
        Failure("E0414", place(file_.name, layer), "shared layers make the model many times as large as its file", "")};
  }
}

Ids Context::call(const Layer& layer, const Ids& inputs, const Ids& initial_state) {
  spend(layer);
  if (layer.is_model()) return run_model(layer, inputs);
  b_.begin(layer.number, printable(layer.name), layer.class_name);
  const auto converter = converters().find(layer.class_name);
  if (converter == converters().end()) {
    b_.refuse("E0312", "the class " + layer.class_name + " is a custom object, or a layer that is not supported",
              "its code is not in the file; express it by layers of Keras");
  }
  Call c(*this, b_, file_.version, layer, inputs);
  c.initial_state = initial_state;
  if (!layer.config->is_object()) c.malformed("its configuration is no object");
  converter->second(c);
  if (std::count(c.out.begin(), c.out.end(), no_tensor) != 0) c.malformed("it lacks an output");
  return c.out;
}

Ids Context::run_model(const Layer& model, const Ids& inputs) {
  if (model.class_name == "Sequential") {
    if (inputs.size() != 1) malformed(model, "a Sequential model has one input");
    return run_sequential(model, inputs[0]);
  }
  return run_functional(model, ends(model, "input_layers"), inputs);
}

Ids Context::run_sequential(const Layer& model, TensorId x) {
  Ids values = {x};
  for (const Layer& layer : model.children) values = call(layer, values, {});
  return values;
}

std::vector<Ref> Context::ends(const Layer& model, const char* name) const {
  const Json* list = field(*model.config, name);
  std::vector<Ref> refs;
  if (list != nullptr) references(*list, refs);
  if (refs.empty()) malformed(model, std::string("it has no ") + name);
  return refs;
}

std::vector<Use> Context::uses(const Layer& model, const std::set<std::string>& heads) {
  std::vector<Use> all;
  for (const Layer& layer : model.children) {
    const Json* nodes = field(*layer.json, "inbound_nodes");
    const std::string key = text(*layer.json, "name", layer.name);  // what references call it
    if (heads.count(key) != 0) continue;
    if (nodes == nullptr || !nodes->is_array() || nodes->size() > max_graph_nodes)
      malformed(layer, "its inputs are not described");
    for (const Json& node : *nodes) {
      Use use{&layer, static_cast<int64_t>(&node - &(*nodes)[0]), {}, {}};
      const bool named = node.is_object();
      const Json* args = named ? field(node, "args") : &node;
      if (args != nullptr) references(*args, use.inputs);
      // Keras 2 puts what is given by name behind each triple.
      std::vector<const Json*> options;
      if (named && field(node, "kwargs") != nullptr) options.push_back(field(node, "kwargs"));
      if (node.is_array()) {
        for (const Json& item : node) {
          if (is_triple(item) && item.size() > 3 && item[3].is_object()) options.push_back(&item[3]);
        }
      }
      for (const Json* o : options) {
        for (const auto& [name, value] : o->items()) {
          std::vector<Ref> given;
          references(value, given);
          if (given.empty()) continue;
          if (name == "inputs" && use.inputs.empty())
            use.inputs = given;
          else if (name == "initial_state")
            use.initial_state = given;
          else if (name != "mask")
            malformed(layer, "the argument " + printable(name, 40) + " is not supported");
        }
      }
      all.push_back(std::move(use));
      if (all.size() > max_graph_nodes) malformed(model, "it uses too many layers");
    }
  }
  return all;
}

Ids Context::run_functional(const Layer& model, const std::vector<Ref>& heads, const Ids& inputs) {
  std::map<Ref, TensorId> values;
  std::set<std::string> names;
  if (heads.size() != inputs.size()) malformed(model, "it is called with " + std::to_string(inputs.size()) + " inputs");
  for (size_t i = 0; i < heads.size(); ++i) {
    values[heads[i]] = inputs[i];
    names.insert(heads[i].layer);
  }
  std::vector<Use> waiting = uses(model, names);
  const std::vector<Ref> tails = ends(model, "output_layers");
  std::map<std::string, int64_t> before_first = uncounted(waiting, tails);
  const auto ready = [&](const std::vector<Ref>& refs, Ids* to) {
    for (const Ref& r : refs) {
      const auto found = values.find(r);
      if (found == values.end()) return false;
      to->push_back(found->second);
    }
    return true;
  };
  for (size_t before = waiting.size() + 1; !waiting.empty() && waiting.size() < before;) {
    before = waiting.size();
    std::vector<Use> later;
    for (Use& use : waiting) {
      Ids in, initial;
      if (!ready(use.inputs, &in) || !ready(use.initial_state, &initial)) {
        later.push_back(std::move(use));
        continue;
      }
      const Ids made = call(*use.layer, in, initial);
      const std::string key = text(*use.layer->json, "name", use.layer->name);
      for (size_t t = 0; t < made.size(); ++t)
        values[{key, use.node + before_first[key], static_cast<int64_t>(t)}] = made[t];
    }
    waiting = std::move(later);
  }
  Ids out;
  if (!ready(tails, &out)) {
    malformed(waiting.empty() ? model : *waiting[0].layer, "what it reads is made by no layer");
  }
  return out;
}

Result<Graph> Context::run() {
  const Layer& model = file_.model;
  Ids outputs;
  std::vector<std::string> names;
  if (model.class_name == "Sequential") {
    outputs = run_sequential(model, sequential_input(model));
    for (size_t i = 0; i < outputs.size(); ++i)
      names.push_back(printable(model.children.empty() ? "output" : model.children.back().name));
  } else {
    const std::vector<Ref> heads = ends(model, "input_layers");
    Ids inputs;
    for (const Ref& r : heads) {
      const auto layer = std::find_if(model.children.begin(), model.children.end(),
                                      [&](const Layer& l) { return text(*l.json, "name", l.name) == r.layer; });
      if (layer == model.children.end())
        malformed(model, "its input \"" + printable(r.layer, 80) + "\" is not among its layers");
      inputs.push_back(
          input(*layer, printable(layer->name), layer->config->is_object() ? shape_of(*layer->config) : nullptr));
    }
    outputs = run_functional(model, heads, inputs);
    for (const Ref& r : ends(model, "output_layers")) names.push_back(printable(r.layer));
  }
  for (const auto& [name, shape] : shapes_) {
    if (input_names_.count(name) != 0) continue;
    return Failure(ExitCode::usage,
                   {"E0002", "--shape " + name + "=" + to_string(shape), "the model has no such input", ""});
  }
  for (size_t i = 0; i < names.size(); ++i) {
    if (std::count(names.begin(), names.begin() + static_cast<ptrdiff_t>(i), names[i]) != 0)
      names[i] += "_" + std::to_string(i);
  }
  for (const TensorId id : outputs) b_.output(id);
  return b_.finish(names);
}

Ids Call::call(const Layer& inner, const Ids& inputs) const {
  Ids made = context_.call(inner, inputs, {});
  b.begin(layer.number, printable(layer.name), layer.class_name);
  return made;
}

}  // namespace smelt::keras

namespace smelt {

bool is_keras(std::span<const uint8_t> bytes) { return is_hdf5(bytes) || is_zip(bytes); }

Result<Graph> parse_keras(std::span<const uint8_t> bytes, const std::string& name,
                          const std::map<std::string, Shape>& shapes) {
  Result<std::unique_ptr<keras::File>> file = keras::read(bytes, name, keras::known);
  if (!file) return file.failure();
  try {
    keras::Context context(**file, shapes, 8 * std::ssize(bytes) + keras::weights_slack);
    return context.run();
  } catch (const Refusal& refusal) {
    return refusal.failure;
  }
}

}  // namespace smelt
