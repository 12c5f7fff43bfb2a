"""Encoders, heads, and the complete models made of them."""

from regard.models.build import (
    make_attentions,
    make_cross_attention,
    make_encoder,
    make_grid_encoder,
    make_head,
    make_pooling,
    make_shared_attention,
)
from regard.models.conv_bilstm import ConvBiLSTM, choose_stride
from regard.models.convolution import Convolution
from regard.models.convolution_graph import ConvolutionGraph
from regard.models.convolved import ConvolvedModel
from regard.models.copying import CopyHead
from regard.models.ctc import CtcGuide, CtcState, ctc_losses, ctc_needs
from regard.models.decoder import Decoder, Written
from regard.models.echo import Echo
from regard.models.encoder import Encoder, MaskedBatchNorm, apply_mask, columns, summary_of
from regard.models.events import EventCache, EventModel, EventsRead
from regard.models.finite import not_finite
from regard.models.forecaster import ContextForecast, Forecaster, HorizonForecast, LinearForecast
from regard.models.grid import GridEncoder
from regard.models.heads import (
    AttentionHead,
    ConjunctiveHead,
    ContextHead,
    Ensemble,
    Predicted,
    SeriesModel,
    shares,
    two_sided_logits,
)
from regard.models.inception import Inception
from regard.models.memory import MemoryNetwork
from regard.models.ngrams import NgramTerm
from regard.models.patches import Patches
from regard.models.picture_convolution import PictureConvolution
from regard.models.plan import MOST_WEIGHTS, Layout, ModelSizeError, layout_of, plan
from regard.models.pointer import AnswerPointer, best_spans
from regard.models.random_convolutions import RandomConvolutions
from regard.models.recurrent import ForwardReader, Recurrent, run_recurrent
from regard.models.recurrent_decoder import RecurrentCache, RecurrentDecoder
from regard.models.reduced import Reduced
from regard.models.ridge import Ridge, solve_ridge
from regard.models.rules import Rules
from regard.models.sampling import Sampled, greedy_search, sample
from regard.models.search import Hypotheses, beam_search
from regard.models.sentences import EncoderReader, LayerReader, WordSum, make_reader
from regard.models.span_reader import SpanReader
from regard.models.step import Guide, Step, reorder
from regard.models.story_reader import StoryReader
from regard.models.story_writer import StoryWriter
from regard.models.text import SentenceModel, StateReader, TextModel
from regard.models.tokens import Source, TokenEncoder, TokenHead, head_of, read_source
from regard.models.transformer import Transformer, sinusoids
from regard.models.transformer_decoder import TransformerDecoder
from regard.models.transformer_layers import (
    Decoded,
    DecoderCache,
    TransformerDecoderLayer,
    TransformerEncoderLayer,
)
from regard.models.word_vectors import WordVectors

__all__ = [
    "MOST_WEIGHTS",
    "AnswerPointer",
    "AttentionHead",
    "ConjunctiveHead",
    "ContextForecast",
    "ContextHead",
    "ConvBiLSTM",
    "Convolution",
    "ConvolutionGraph",
    "ConvolvedModel",
    "CopyHead",
    "CtcGuide",
    "CtcState",
    "Decoded",
    "Decoder",
    "DecoderCache",
    "Echo",
    "Encoder",
    "EncoderReader",
    "Ensemble",
    "EventCache",
    "EventModel",
    "EventsRead",
    "Forecaster",
    "ForwardReader",
    "GridEncoder",
    "Guide",
    "HorizonForecast",
    "Hypotheses",
    "Inception",
    "LayerReader",
    "Layout",
    "LinearForecast",
    "MaskedBatchNorm",
    "MemoryNetwork",
    "ModelSizeError",
    "NgramTerm",
    "Patches",
    "PictureConvolution",
    "Predicted",
    "RandomConvolutions",
    "Recurrent",
    "RecurrentCache",
    "RecurrentDecoder",
    "Reduced",
    "Ridge",
    "Rules",
    "Sampled",
    "SentenceModel",
    "SeriesModel",
    "Source",
    "SpanReader",
    "StateReader",
    "Step",
    "StoryReader",
    "StoryWriter",
    "TextModel",
    "TokenEncoder",
    "TokenHead",
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoderLayer",
    "WordSum",
    "WordVectors",
    "Written",
    "apply_mask",
    "beam_search",
    "best_spans",
    "choose_stride",
    "columns",
    "ctc_losses",
    "ctc_needs",
    "greedy_search",
    "head_of",
    "layout_of",
    "make_attentions",
    "make_cross_attention",
    "make_encoder",
    "make_grid_encoder",
    "make_head",
    "make_pooling",
    "make_reader",
    "make_shared_attention",
    "not_finite",
    "plan",
    "read_source",
    "reorder",
    "run_recurrent",
    "sample",
    "shares",
    "sinusoids",
    "solve_ridge",
    "summary_of",
    "two_sided_logits",
]
