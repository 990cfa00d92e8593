using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace PgListener.Telemetry;

/// <summary>
/// Carries the W3C trace context of a sender in a JSON payload, as one more property at its end:
/// <c>{"id":1,"$trace":{"traceparent":"00-…-01","tracestate":"…"}}</c>. It is removed before anything reads the payload.
/// </summary>
internal static class TraceContext
{
    internal const string Property = "$trace";

    private const int TraceParentLength = 55;
    private const string WhiteSpace = " \t\r\n";
    private const string Opening = $$"""
        "{{Property}}":{"traceparent":"
        """;
    private const string StateOpening = """
        ","tracestate":"
        """;
    private const string Closing = "\"}}";

    /// <summary>Adds a context. A payload that is not a JSON object, already has such a property, or would become too long is not changed.</summary>
    public static string Inject(string payload, in ActivityContext context)
    {
        if (context == default)
            return payload;

        var end = payload.AsSpan().TrimEnd(WhiteSpace).Length;
        if (!CanTakeProperty(payload, out var isEmpty) || (isEmpty && payload[end - 2] != '{'))
            return payload;

        var state = StateOf(context) is { } text ? StateOpening + text : "";
        var extended = string.Concat([payload[..(end - 1)], isEmpty ? "" : ",", Opening, ParentOf(context), state, Closing, payload[end..]]);
        if (Encoding.UTF8.GetByteCount(extended) <= PostgresLimits.PayloadBytes)
            return extended;

        return state.Length > 0 ? Inject(payload, new(context.TraceId, context.SpanId, context.TraceFlags)) : payload;
    }

    /// <summary>A context as the header <c>traceparent</c> has it.</summary>
    public static string ParentOf(in ActivityContext context)
        => $"00-{context.TraceId.ToHexString()}-{context.SpanId.ToHexString()}-{(context.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) ? "01" : "00")}";

    /// <summary>What the header <c>tracestate</c> has; <see langword="null"/> if there is nothing, or something that the header cannot have.</summary>
    public static string? StateOf(in ActivityContext context)
        => context.TraceState is { Length: > 0 } text && text.All(static c => c is > ' ' and < '\x7f' and not '"' and not '\\' or ' ') ? text : null;

    /// <summary>Removes what <see cref="Inject"/> has added, if it is there.</summary>
    /// <returns>The payload as it was before.</returns>
    public static string Extract(string payload, out ActivityContext context)
    {
        context = default;
        var start = payload.LastIndexOf(Opening, StringComparison.Ordinal);
        if (start < 1 || payload[start - 1] is not (',' or '{'))
            return payload;

        var rest = payload.AsSpan(start + Opening.Length);
        var end = rest.IndexOf(Closing, StringComparison.Ordinal);
        if (end < TraceParentLength || !rest[(end + Closing.Length)..].Trim(WhiteSpace).IsEmpty)
            return payload; // It belongs to an object within the payload, or is not ours.

        var parent = rest[..TraceParentLength];
        var state = rest[TraceParentLength..end];
        if (state.Length > 0 && !state.StartsWith(StateOpening, StringComparison.Ordinal))
            return payload;

        if (!ActivityContext.TryParse(parent.ToString(), state.Length > 0 ? state[StateOpening.Length..].ToString() : null, isRemote: true, out context))
            return payload;

        var before = payload[start - 1] == ',' ? start - 1 : start;
        return string.Concat(payload.AsSpan(0, before), "}", rest[(end + Closing.Length)..]);
    }

    private static bool CanTakeProperty(string payload, out bool isEmpty)
    {
        isEmpty = true;
        if (!payload.AsSpan().TrimStart(WhiteSpace).StartsWith("{", StringComparison.Ordinal))
            return false;

        try
        {
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(payload));
            while (reader.Read())
            {
                if (reader.CurrentDepth != 1 || reader.TokenType != JsonTokenType.PropertyName)
                    continue;
                if (reader.ValueTextEquals(Property))
                    return false;
                isEmpty = false;
            }

            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: half of a surrogate pair in a name.
            return false;
        }
    }
}
