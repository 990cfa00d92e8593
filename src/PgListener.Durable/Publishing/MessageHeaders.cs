using System.Diagnostics;
using System.Text.Json;
using PgListener.Telemetry;

namespace PgListener.Durable.Publishing;

/// <summary>Writes what is sent along with a message, as the column <c>headers</c> has it.</summary>
internal static class MessageHeaders
{
    /// <summary>The header with the trace context.</summary>
    public const string TraceParent = "traceparent";

    /// <summary>The header with what tracing systems have added to it.</summary>
    public const string TraceState = "tracestate";

    /// <summary>Writes a trace context.</summary>
    /// <returns>JSON; <see langword="null"/> if there is none.</returns>
    public static string? Of(in ActivityContext context)
    {
        if (context == default)
            return null;

        var parent = TraceContext.ParentOf(context);
        return TraceContext.StateOf(context) is { } state
            ? $$"""{"{{TraceParent}}":"{{parent}}","{{TraceState}}":"{{JsonEncodedText.Encode(state)}}"}"""
            : $$"""{"{{TraceParent}}":"{{parent}}"}""";
    }
}
