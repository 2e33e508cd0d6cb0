# CPU:  docker build --tag fleeting .
#       docker run --rm --volume "$PWD:/data" fleeting batch /data/films --output /data/sessions
# GPU:  docker build --target gpu --tag fleeting:gpu .
#       docker run --rm --gpus all --volume "$PWD:/data" fleeting:gpu doctor
# A camera of the host: add --device /dev/video0, and -it for the dashboard.  docs/install.md
FROM python:3.11-slim AS cpu
ENV PREFIX=/opt/fleeting
# the face model and the compiled kernels are kept in the image
ENV XDG_CACHE_HOME=/opt/fleeting/cache
WORKDIR /src
COPY . .
RUN python -m venv "$PREFIX" && "$PREFIX/bin/python" -m pip install --no-cache-dir uv
RUN "$PREFIX/bin/uv" pip install --python "$PREFIX/bin/python" --constraint constraints.txt ".[labs,openvino]"
# No window is opened here: OpenCV without windows needs no libGL.
RUN "$PREFIX/bin/uv" pip uninstall --python "$PREFIX/bin/python" opencv-python \
    && "$PREFIX/bin/uv" pip install --python "$PREFIX/bin/python" --constraint constraints.txt opencv-python-headless
RUN "$PREFIX/bin/fleeting" face-model
RUN "$PREFIX/bin/fleeting" demo --no-record --pace fast --dashboard none --seconds 8 && chmod -R a+rwX "$XDG_CACHE_HOME"
WORKDIR /data
ENTRYPOINT ["/opt/fleeting/bin/fleeting"]
CMD ["--help"]

FROM cpu AS gpu
WORKDIR /src
RUN "$PREFIX/bin/uv" pip install --python "$PREFIX/bin/python" --constraint constraints.txt ".[gpu]"
WORKDIR /data

# what `docker build` makes when no target is named
FROM cpu
