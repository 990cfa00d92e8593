using Microsoft.CodeAnalysis;

namespace PgListener.Analyzers.Rules;

/// <summary>The rules. docs/analyzers describes each of them.</summary>
internal static class Descriptors
{
    private const string Reliability = "Reliability";
    private const string Security = "Security";
    private const string Usage = "Usage";

    public static readonly DiagnosticDescriptor HandlerNotRegistered = new(
        "PGL001",
        "Register handler classes",
        "No listener runs {0}: nothing registers it. Call AddHandlers(), or AddHandler<{1}, {0}>().",
        Usage,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        "A class that implements INotificationHandler<TChannel> is called only if it is registered with a listener.",
        HelpLink.For("PGL001"));

    public static readonly DiagnosticDescriptor InvalidChannelName = new(
        "PGL002",
        "Use channel names that PostgreSQL accepts",
        "The channel name {0}",
        Usage,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        "A channel name has 1 to 63 bytes in UTF-8, is valid Unicode and has no character NUL. With any other name, the call throws an ArgumentException.",
        HelpLink.For("PGL002"));

    public static readonly DiagnosticDescriptor TokenNotPassed = new(
        "PGL003",
        "Pass on the cancellation token of a handler",
        "{0} is called without the cancellation token of the {1}, so neither the handler's time limit nor the stop of the host can cancel it",
        Reliability,
        DiagnosticSeverity.Info,
        isEnabledByDefault: true,
        "The token of a handler is cancelled when its Timeout has elapsed, and when the time to stop the host has run out.",
        HelpLink.For("PGL003"));

    public static readonly DiagnosticDescriptor NotifyFromText = new(
        "PGL004",
        "Send notifications with parameters",
        "The text of this NOTIFY contains values: use INotificationPublisher, or SELECT pg_notify($1, $2) with parameters",
        Security,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        "A value within the text of a command can end the string that contains it, and PostgreSQL folds a channel name without quotes to lower case.",
        HelpLink.For("PGL004"));

    public static readonly DiagnosticDescriptor JsonTypeInfoMissing = new(
        "PGL005",
        "Give JSON channels a type info where reflection is switched off",
        "{0} is read and written by reflection, which {1} disables: give it a JsonTypeInfo of a source-generated context",
        Usage,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        "An application that is trimmed or compiled ahead of time can read and write JSON only with source-generated code.",
        HelpLink.For("PGL005"));

    public static readonly DiagnosticDescriptor ChannelNameNeedsQuotes = new(
        "PGL006",
        "Use channel names that need no quotes in SQL",
        "The channel name '{0}' needs quotes in SQL: without them {1}",
        Usage,
        DiagnosticSeverity.Info,
        isEnabledByDefault: true,
        "PostgreSQL folds what is not quoted to lower case, so NOTIFY Order_Placed is sent to order_placed, and a listener of Order_Placed does not receive it.",
        HelpLink.For("PGL006"));

    public static readonly DiagnosticDescriptor AsyncVoid = new(
        "PGL007",
        "Do not give asynchronous code to what does not await it",
        "{0} does not await this {1}: an exception in it ends the process, and the code after its first await runs too late",
        Reliability,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        "An async lambda or method whose delegate returns void is never awaited.",
        HelpLink.For("PGL007"));
}
