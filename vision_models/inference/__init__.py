"""All an edge device needs to look at pictures: numpy, OpenCV and ONNX Runtime, no training code."""
