# SPDX-License-Identifier: Apache-2.0
"""Models as other libraries write them: what kist says of them, whether they come back, and which tensors they are
converted into.  "by-hand" needs Python alone: a file as torch.save writes it; "gguf", "torch", "joblib", "onnx", "skl2onnx", "skops", "hdf5" (h5py) and "keras" need that
library, and numpy; "shared" needs torch, safetensors and numpy."""
import collections
import io
import json
import os
import pickle
import struct
import sys
import types
import zipfile

import kist


def tensors_of(path):
    """What a safetensors file holds: name -> (dtype, shape, bytes)."""
    with open(path, "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(size))
        data = file.read()
    header.pop("__metadata__", None)
    return {name: (entry["dtype"], entry["shape"], data[slice(*entry["data_offsets"])])
            for name, entry in header.items()}


def converted(path):
    kist.put(path)
    name = os.path.basename(path)
    kist.came_back([path])
    return tensors_of(kist.convert(name, "SafetensorsModelArtifactTask", name + ".safetensors"))


def torch_by_hand(path, harm=None):
    """A storage of six floats: two by three, its transposed, and its last two."""
    torch = types.ModuleType("torch")
    torch._utils = types.ModuleType("torch._utils")
    storage = type("FloatStorage", (), {"__module__": "torch"})
    torch.FloatStorage = storage

    def rebuild(*arguments):
        pass

    rebuild.__module__, rebuild.__name__, rebuild.__qualname__ = ("torch._utils", "_rebuild_tensor_v2",
                                                                  "_rebuild_tensor_v2")
    torch._utils._rebuild_tensor_v2 = rebuild
    sys.modules.update({"torch": torch, "torch._utils": torch._utils})
    kept = object()

    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            return ("storage", storage, "0", "cpu", 6) if value is kept else None

    class Tensor:
        def __init__(self, offset, shape, strides):
            self.arguments = (kept, offset, shape, strides, False, collections.OrderedDict())

        def __reduce__(self):
            return rebuild, self.arguments

    content = {"layer": {"weight": Tensor(0, (2, 3), (3, 1)), "turned": Tensor(0, (3, 2), (1, 3))},
               "list": [1, Tensor(4, (2,), (1,))], "harm": harm}
    made = io.BytesIO()
    Pickler(made, protocol=2).dump(content)
    del sys.modules["torch"], sys.modules["torch._utils"]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("archive/data.pkl", made.getvalue())
        archive.writestr("archive/byteorder", b"little")
        archive.writestr("archive/data/0", struct.pack("<6f", *range(6)))
        archive.writestr("archive/version", b"3\n")


def check_by_hand():
    torch_by_hand("hand.pt")
    tensors = converted("hand.pt")
    kist.equal(sorted(tensors), ["layer.turned", "layer.weight", "list.1"], "names")
    kist.equal(tensors["layer.weight"], ("F32", [2, 3], struct.pack("<6f", *range(6))), "layer.weight")
    kist.equal(tensors["layer.turned"], ("F32", [3, 2], struct.pack("<6f", 0, 3, 1, 4, 2, 5)), "layer.turned")
    kist.equal(tensors["list.1"], ("F32", [2], struct.pack("<2f", 4, 5)), "list.1")
    kist.equal(kist.show("hand.pt")["info"]["metadata"]["pickle"]["verdict"], "clean_allowlist", "verdict")

    class Harm:
        def __reduce__(self):
            return os.system, ("touch harmed",)

    torch_by_hand("harm.pt", Harm())
    with open("harm.pkl", "wb") as file:
        pickle.dump([Harm()], file)
    kist.put("harm.pt", "harm.pkl")
    for said in (kist.show("harm.pt")["info"]["metadata"]["pickle"], kist.show("harm.pkl")["info"]["pickle"]):
        kist.equal(said["verdict"], "unknown_globals", "verdict")
        kist.check(said["unknown_globals"] in (["posix system"], ["nt system"]), said)
    kist.run("verify", "--deep")
    kist.check(not os.path.exists("harmed"), "a pickle was loaded")


def check_gguf():
    import gguf
    import numpy

    writer = gguf.GGUFWriter("model.gguf", "llama")
    writer.add_uint32("answer", 42)
    writer.add_float32("third", 1 / 3)
    writer.add_string("text", 'a "word" \u00e9')
    writer.add_array("tokens", ["t%d" % i for i in range(1000)])
    random = numpy.random.default_rng(1)
    plain = {"f32": random.normal(size=(5, 4)).astype("f4"), "f16": random.normal(size=(2, 3, 4)).astype("f2"),
             "i64": numpy.arange(7), "one": numpy.ones((1,), "f8")}
    for name, array in plain.items():
        writer.add_tensor(name, array)
    blocks = {kind.name: gguf.quants.quantize(random.normal(size=(4, 256)).astype("f4"), kind)
              for kind in (gguf.GGMLQuantizationType.Q8_0, gguf.GGMLQuantizationType.Q4_0)}
    for name, array in blocks.items():
        writer.add_tensor(name, array, raw_dtype=gguf.GGMLQuantizationType[name])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    tensors = converted("model.gguf")
    for name, array in {**plain, **blocks}.items():
        kist.equal(tensors[name][1], list(array.shape), name)
        kist.equal(tensors[name][2], array.tobytes(), name)
    info = kist.show("model.gguf")["info"]
    kist.equal(info["metadata"]["answer"], 42, "answer")
    kist.equal(info["metadata"]["text"], 'a "word" \u00e9', "text")
    kist.equal(info["metadata"]["tokens"], {"type": "string", "count": 1000}, "tokens")
    kist.equal(info["parameters"], sum(a.size for a in plain.values()) + 2 * 1024, "parameters")


def check_torch():
    import torch

    torch.manual_seed(1)
    model = torch.nn.Sequential(torch.nn.Linear(20, 30), torch.nn.ReLU(), torch.nn.Linear(30, 5, dtype=torch.bfloat16))
    optimizer = torch.optim.Adam(model.parameters())
    shared = torch.arange(12, dtype=torch.int64)
    content = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "half": torch.ones(3, dtype=torch.float16),
               "turned": torch.arange(6.).reshape(2, 3).t(), "shared": [shared, shared[3:7]], "flag": torch.tensor(True),
               "parameter": torch.nn.Parameter(torch.zeros(2, 2))}
    torch.save(content, "model.pt")
    torch.save(model, "module.pt")
    tensors = converted("model.pt")
    wanted = {"model." + name: value for name, value in content["model"].items()}
    wanted.update({"half": content["half"], "turned": content["turned"], "shared.0": shared, "shared.1": shared[3:7],
                   "flag": content["flag"], "parameter": content["parameter"]})
    for name, value in wanted.items():
        kist.equal(tensors[name][1], list(value.shape), name)
        kist.equal(tensors[name][2], value.detach().contiguous().flatten().view(torch.uint8).numpy().tobytes(), name)
    kist.equal(kist.show("model.pt")["info"]["metadata"]["pickle"]["verdict"], "clean_allowlist", "verdict")
    kist.put("module.pt")
    kist.equal(kist.show("module.pt")["info"]["metadata"]["pickle"]["verdict"], "unknown_globals", "verdict")
    kist.equal(kist.show("module.pt")["info"]["tensors"], 4, "tensors of a module")


def check_joblib():
    import joblib
    import numpy

    joblib.dump({"a": numpy.arange(1000.), "b": [numpy.ones((3, 4), "f4"), "text"]}, "plain.joblib")
    joblib.dump({"a": numpy.arange(1000.)}, "small.joblib", compress=3)
    paths = ["plain.joblib", "small.joblib"]
    kist.put(*paths)
    said = kist.came_back(paths)
    kist.equal(said["plain.joblib"]["info"]["pickle"]["verdict"], "clean_allowlist", "verdict")
    kist.equal(said["small.joblib"]["info"]["compression"], "zlib", "compression")


def check_shared():
    """The same weights in another format, and in what kist itself makes of them, take next to nothing."""
    import numpy
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(1)
    weights = {"embedding": torch.randn(3000, 64) * 0.02, "positions": torch.arange(40000)}
    for layer in range(6):
        # From a scalar to a mebibyte; 16 KiB are just enough for a chunk of its own.
        weights.update({"layer.%d.weight" % layer: torch.randn(512, 700) * 0.02,
                        "layer.%d.bias" % layer: torch.randn(700) * 0.02,
                        "layer.%d.half" % layer: (torch.randn(70, 512) * 0.02).half(),
                        "layer.%d.low" % layer: torch.randn(8, 512) * 0.02,
                        "layer.%d.scale" % layer: torch.tensor(float(layer))})
    save_file(weights, "weights.safetensors")
    torch.save(weights, "weights.pt")
    # Neither begins its data where the other does, and the order is another one.
    backwards = sorted(weights, reverse=True)
    numpy.savez("weights.npz", **{name: weights[name].numpy() for name in backwards})
    torch.save({name: weights[name] for name in backwards}, "backwards.pt")
    kist.put("weights.safetensors")
    took = json.loads(kist.run("stats", "--json"))["stored_bytes"]
    for name in ("weights.pt", "weights.npz", "backwards.pt"):
        kist.put(name)
        took = added_little(name, took)
    for source, task, name in (("weights.pt", "NumpyArchiveArtifactTask", "made.npz"),
                               ("weights.npz", "SafetensorsModelArtifactTask", "made.safetensors")):
        made = kist.convert(source, task, name)
        took = added_little(name, took)
    kist.equal(open(made, "rb").read(), open("weights.safetensors", "rb").read(), "made of an archive, the file")
    loaded = numpy.load("converted.made.npz")
    for name, value in weights.items():
        kist.check(numpy.array_equal(loaded[name], value.numpy()), name, "is another tensor in what kist made")
    for entry in json.loads(kist.run("du", "--json"))["names"]:
        kist.check(entry["exclusive_bytes"] < entry["size"] // 100, entry, "is not shared")
    kist.came_back(["weights.safetensors", "weights.pt", "weights.npz", "backwards.pt"])


def added_little(name, before):
    after = json.loads(kist.run("stats", "--json"))["stored_bytes"]
    size = kist.show(name)["size"]
    kist.check(after - before < size // 100, name, "of", size, "bytes takes", after - before)
    print("%s: %d bytes, %d more in the store" % (name, size, after - before))
    return after


ONNX_TYPES = {"FLOAT": "f4", "UINT8": "u1", "INT8": "i1", "UINT16": "u2", "INT16": "i2", "INT32": "i4", "INT64": "i8",
              "BOOL": "?", "FLOAT16": "f2", "DOUBLE": "f8", "UINT32": "u4", "UINT64": "u8", "COMPLEX64": "c8"}


def onnx_graph(initializers, **others):
    from onnx import TensorProto, helper

    graph = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["r"]), helper.make_node("Relu", ["r"], ["s"]),
         helper.make_node("Normalizer", ["s"], ["y"], domain="ai.onnx.ml", norm="L2")],
        "a graph", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 3, "width"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])], initializers)
    return helper.make_model(graph, producer_name="kist's test", ir_version=10,
                             opset_imports=[helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 4)], **others)


def check_onnx():
    import numpy
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    random = numpy.random.default_rng(2)
    wanted, initializers = {}, []
    for name, kind in ONNX_TYPES.items():
        for shape in ((3, 4), (), (0, 2)):
            array = (random.normal(size=shape) * 50).astype(kind)
            # As raw bytes, and as a list of numbers.
            for raw in (True, False):
                key = "%s.%s.%s" % (name, "x".join(map(str, shape)), "raw" if raw else "list")
                values = array.tobytes() if raw else array.flatten().tolist()
                initializers.append(helper.make_tensor(key, getattr(TensorProto, name), shape, values, raw=raw))
                wanted[key] = array
    large = random.normal(0, 0.02, (600, 200)).astype("f4")
    initializers.append(numpy_helper.from_array(large, "large"))
    initializers.append(helper.make_tensor("large list", TensorProto.FLOAT, large.shape, large.flatten()))
    initializers.append(helper.make_tensor("nibbles", TensorProto.INT4, (5,), [1, -2, 3, -4, 5]))
    initializers.append(helper.make_tensor("texts", TensorProto.STRING, (2,), [b"a", b"bc"]))
    model = onnx_graph(initializers)
    helper.set_model_props(model, {"author": "n\u00e9 \"x\"", "license": "MIT"})
    onnx.checker.check_model(model)
    onnx.save(model, "model.onnx")
    # complex64 has no list of its own in safetensors; all others are converted and compared.
    tensors = converted("model.onnx")
    for key, array in {**wanted, "large": large, "large list": large}.items():
        kist.equal(tensors[key][1:], (list(array.shape), array.tobytes()), key)
    kist.equal(tensors["nibbles"][2], b"\xe1\xc3\x05", "nibbles")
    info = kist.show("model.onnx")["info"]
    said = info["metadata"]
    kist.equal((said["ir_version"], said["producer"], said["opsets"]), (10, "kist's test", {"": 21, "ai.onnx.ml": 4}))
    kist.equal(said["operators"], {"Relu": 2, "ai.onnx.ml.Normalizer": 1}, "operators")
    kist.equal(said["inputs"], [{"name": "x", "dtype": "float32", "shape": [None, 3, "width"]}], "inputs")
    kist.equal(said["properties"], {"author": "n\u00e9 \"x\"", "license": "MIT"}, "properties")
    kist.equal((said["graph"], said["nodes"], said["string_tensors"]), ("a graph", 3, 1), "graph")
    listed = {entry["name"]: entry for entry in info["list"]}
    kist.near(listed["large"]["mean"], float(large.astype("f8").mean()), "mean", digits=1e-6)
    # Raw and packed floats are the same part, so they are kept once.
    before = json.loads(kist.run("stats", "--json"))["stored_bytes"]
    onnx.save(onnx_graph([numpy_helper.from_array(large, "other name")]), "again.onnx")
    kist.put("again.onnx")
    kist.check(json.loads(kist.run("stats", "--json"))["stored_bytes"] - before < 20000, "the same weights are kept twice")
    check_onnx_external(large)
    check_onnx_hostile()


def check_onnx_external(large):
    """Tensors in another file are told of; nothing is opened, there or elsewhere."""
    import onnx
    from onnx import numpy_helper

    onnx.save(onnx_graph([numpy_helper.from_array(large, "far")]), "external.onnx", save_as_external_data=True,
              location="weights.bin", size_threshold=0)
    os.remove("weights.bin")
    kist.put("external.onnx")
    said = kist.show("external.onnx")["info"]["metadata"]
    kist.equal(said["external"], [{"tensor": "far", "location": "weights.bin", "offset": 0, "length": large.nbytes}],
               "external")
    kist.came_back(["external.onnx"])
    kist.check(b"E_EXTERNAL" in kist.run("convert", "external.onnx", "--task", "SafetensorsModelArtifactTask", "--name",
                                         "e", expect=1), "a model is converted that is not all there")


def check_onnx_order():
    """Nodes that the checker of the library takes for none that can be run are warned of, and no others."""
    import onnx
    from onnx import helper

    first, second = helper.make_node("Relu", ["x"], ["a"]), helper.make_node("Relu", ["a"], ["b"])
    for nodes, code in (([first, second], None), ([second, first], "E_ORDER"), ([second], "E_VALUE"),
                        ([helper.make_node("Add", ["x", "b"], ["a"]), second], "E_CYCLE"), ([first, first], "E_DUPLICATE")):
        ends = [helper.make_tensor_value_info(name, 1, [1]) for name in "xb"]
        model = helper.make_model(helper.make_graph(nodes, "g", ends[:1], ends[1:]),
                                  opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
        with open("order.onnx", "wb") as file:
            file.write(model.SerializeToString())
        try:
            onnx.checker.check_model(model)
            kist.check(code is None, code, "is nothing to the library")
        except onnx.checker.ValidationError:
            kist.check(code is not None, "the library refuses what is in order")
        said = kist.run("plugin", "validate", "order.onnx")
        kist.check(code.encode() in said if code else b"warning" not in said, code, "is not what is said:", said)


def check_onnx_hostile():
    import onnx
    from onnx import TensorProto, helper

    def external(location, **more):
        tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
        for key, value in {"location": location, **more}.items():
            tensor.external_data.add(key=key, value=str(value))
        return tensor

    def nested(depth):
        graph = helper.make_graph([], "inner", [], [])
        for _ in range(depth):
            graph = helper.make_graph([helper.make_node("If", ["c"], ["y"], then_branch=graph)], "outer", [], [])
        return graph

    cases = [("E_PATH", [external("../../etc/passwd")]), ("E_PATH", [external("/etc/passwd")]),
             ("E_PATH", [external("C:weights")]), ("E_PATH", [external("a\\b")]),
             ("E_OFFSET", [external("w", offset="-1")]), ("E_OFFSET", [external("w", length=15)]),
             ("E_OFFSET", [external("w", offset=2**63 - 8)]), ("E_TENSOR_INFO", [external("")]),
             ("E_DUPLICATE", [helper.make_tensor("w", TensorProto.FLOAT, [1], [1])] * 2),
             ("E_TENSOR_INFO", [TensorProto(name="w", data_type=1, dims=[2**40], raw_data=b"1234")]),
             ("E_OVERFLOW", [TensorProto(name="w", data_type=1, dims=[2**40, 2**40], raw_data=b"1234")]),
             ("E_SHAPE", [TensorProto(name="w", data_type=1, dims=[-1], raw_data=b"1234")]),
             ("E_DTYPE", [TensorProto(name="w", data_type=99, dims=[1], raw_data=b"1234")]),
             ("E_TENSOR_INFO", [TensorProto(name="w", data_type=8, dims=[1], raw_data=b"1234")])]
    check_onnx_order()
    for i, (code, initializers) in enumerate(cases):
        name = "hostile%d.onnx" % i
        with open(name, "wb") as file:
            file.write(onnx_graph(initializers).SerializeToString())
        kist.check(code.encode() in kist.run("put", name, expect=1), name, "is not refused by", code)
    deep = onnx_graph([])
    deep.graph.node.add(op_type="If", attribute=[helper.make_attribute("then_branch", nested(15))])
    with open("deep.onnx", "wb") as file:
        file.write(deep.SerializeToString())
    kist.put("deep.onnx")
    kist.equal(kist.show("deep.onnx")["info"]["metadata"]["subgraphs"], 16, "subgraphs")
    deep.graph.node.add(op_type="If", attribute=[helper.make_attribute("then_branch", nested(30))])
    with open("deeper.onnx", "wb") as file:
        file.write(deep.SerializeToString())
    kist.check(b"E_DEPTH" in kist.run("put", "deeper.onnx", expect=1), "depth is not limited")


def check_skl2onnx():
    import numpy
    import skl2onnx
    import sklearn.linear_model
    from skl2onnx.common.data_types import FloatTensorType

    data = numpy.random.default_rng(3).normal(size=(100, 4)).astype("f4")
    linear = sklearn.linear_model.LogisticRegression().fit(data, data[:, 0] > 0)
    made = skl2onnx.to_onnx(linear, initial_types=[("x", FloatTensorType([None, 4]))])
    with open("linear.onnx", "wb") as file:
        file.write(made.SerializeToString())
    kist.put("linear.onnx")
    said = kist.came_back(["linear.onnx"])["linear.onnx"]["info"]["metadata"]
    kist.equal(said["producer"], "skl2onnx", "producer")
    kist.equal(said["nodes"], len(made.graph.node), "nodes")
    kist.check("ai.onnx.ml" in said["opsets"], said["opsets"])


def check_skops():
    """skops: arrays are typed parts, types are named and judged; nothing is made."""
    import functools
    import numpy
    import skops.io
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    data = numpy.random.default_rng(4).normal(size=(300, 60)).astype("f4")
    wanted = data[:, 0] > 0
    objects = {
        "clean": make_pipeline(FunctionTransformer(numpy.log1p), StandardScaler(), LogisticRegression()),
        "forest": RandomForestClassifier(3, random_state=0).fit(data, wanted),
        "array": {"data": data, "more": [1, "x", (2.5, None), {3, 4}, b"bytes", slice(1, 2)]},
        "called": {"harm": functools.partial(os.system, "touch harmed")},
    }
    for name, value in objects.items():
        skops.io.dump(value, name + ".skops")
    kist.put(*(name + ".skops" for name in objects))
    said = kist.came_back([name + ".skops" for name in objects])
    for name in ("clean", "forest", "array"):
        info = said[name + ".skops"]["info"]
        kist.equal((info["verdict"], info["unknown_types"]), ("clean_allowlist", []), name)
    kist.check("sklearn.tree._tree.Tree" in said["forest.skops"]["info"]["known_types"], "the forest has no tree")
    info = said["called.skops"]["info"]
    kist.equal(info["verdict"], "unknown_globals", "called")
    kist.check("posix.system" in info["unknown_types"], info["unknown_types"])
    # The array is kept once with the same array in a file of its own.
    before = json.loads(kist.run("stats", "--json"))["stored_bytes"]
    numpy.save("data.npy", data)
    kist.put("data.npy")
    kist.check(json.loads(kist.run("stats", "--json"))["stored_bytes"] - before < data.nbytes // 4,
               "the same array is kept twice")
    kist.check(not os.path.exists("harmed"), "a file of skops was loaded")


def check_hdf5():
    import h5py

    for name, options in {"old": {}, "latest": {"libver": "latest"}, "block": {"userblock_size": 1024},
                          "both": {"libver": "latest", "userblock_size": 512}}.items():
        with h5py.File(name + ".h5", "w", **options) as file:
            file["a/b"] = list(range(1000))
        kist.put(name + ".h5")
        info = kist.came_back([name + ".h5"])[name + ".h5"]["info"]["superblock"]
        kist.equal(info["version"], 3 if "libver" in options else 0, name)
        kist.equal(info["user_block"], options.get("userblock_size", 0), name)
        kist.equal((info["end"], info["bytes_behind"]), (os.path.getsize(name + ".h5"), 0), name)
    with open("old.h5", "rb") as file, open("cut.h5", "wb") as cut:
        cut.write(file.read()[:-1])
    kist.check(b"E_TRUNCATED" in kist.run("put", "cut.h5", expect=1), "a file that is cut off is taken")


def check_keras():
    import keras

    plain = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3, "relu", kernel_regularizer="l2"),
                              keras.layers.Dropout(0.2), keras.layers.Dense(1)])
    plain.compile("adam", "mse")
    plain.save("plain.keras")
    given = keras.Input((4,))
    keras.Model(given, keras.layers.Lambda(lambda x: x * 2)(given)).save("lambda.keras")

    @keras.saving.register_keras_serializable("mine")
    class Mine(keras.layers.Dense):
        pass

    keras.Sequential([keras.layers.Input((4,)), Mine(2)]).save("mine.keras")
    # What CVE-2025-1550 is about: any module, any function.
    with zipfile.ZipFile("plain.keras") as old, zipfile.ZipFile("harm.keras", "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name == "config.json":
                config = json.loads(text)
                config["config"]["layers"].append({"module": "os", "class_name": "system", "registered_name": None,
                                                   "config": {"command": "touch harmed"}})
                text = json.dumps(config)
            new.writestr(name, text)
    names = ["plain.keras", "lambda.keras", "mine.keras", "harm.keras"]
    kist.put(*names)
    said = kist.came_back(names)
    info = said["plain.keras"]["info"]
    kist.equal((info["verdict"], info["model"], info["layers"]), ("clean_allowlist", "Sequential", 4), "plain")
    kist.equal(info["keras_version"], keras.__version__, "version")
    for name, unknown in (("lambda", "keras.layers.Lambda"), ("mine", "Mine"), ("harm", "os.system")):
        info = said[name + ".keras"]["info"]
        kist.equal(info["verdict"], "unknown_globals", name)
        kist.check(any(unknown in known for known in info["unknown_types"]), name, info["unknown_types"])
    kist.check(not os.path.exists("harmed"), "a file of Keras was loaded")


{"skops": check_skops, "hdf5": check_hdf5, "keras": check_keras, "onnx": check_onnx, "skl2onnx": check_skl2onnx,
 "by-hand": check_by_hand, "shared": check_shared, "gguf": check_gguf, "torch": check_torch, "joblib": check_joblib}[sys.argv[1]]()
