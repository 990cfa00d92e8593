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
        "A class that implements INotificationHandler<TChannel> is called only when a listener is told of it.",
        HelpLink.For("PGL001"));

    public static readonly DiagnosticDescriptor InvalidChannelName = new(
        "PGL002",
        "Use channel names that PostgreSQL accepts",
        "The channel name {0}",
        Usage,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        "A channel name has 1 to 63 bytes in UTF-8, is valid Unicode and has no character NUL. With any other the call throws an ArgumentException.",
        HelpLink.For("PGL002"));

    public static readonly DiagnosticDescriptor TokenNotPassed = new(
        "PGL003",
        "Pass on the cancellation token of a handler",
        "{0} is called without the cancellation token of the {1}, so that neither its time limit nor the end of the host can stop it",
        Reliability,
        DiagnosticSeverity.Info,
        isEnabledByDefault: true,
        "The token of a handler is canceled when its Timeout has elapsed, and when the host cannot wait any longer.",
        HelpLink.For("PGL003"));

    public static readonly DiagnosticDescriptor NotifyFromText = new(
        "PGL004",
        "Send notifications with parameters",
        "The text of this NOTIFY is put together from values: use INotificationPublisher, or SELECT pg_notify($1, $2) with parameters",
        Security,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        "A value within the text of a command can end the string it stands in, and PostgreSQL folds a channel name that is not quoted to lower case.",
        HelpLink.For("PGL004"));

    public static readonly DiagnosticDescriptor JsonTypeInfoMissing = new(
        "PGL005",
        "Give JSON channels a type info where reflection is switched off",
        "{0} is read and written by reflection, which {1} switches off: give it a JsonTypeInfo of a source-generated context",
        Usage,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        "An application that is trimmed or compiled ahead of time reads and writes JSON by source-generated code only.",
        HelpLink.For("PGL005"));

    public static readonly DiagnosticDescriptor ChannelNameNeedsQuotes = new(
        "PGL006",
        "Use channel names that need no quotes in SQL",
        "SQL has to write the channel name '{0}' in quotes: without them {1}",
        Usage,
        DiagnosticSeverity.Info,
        isEnabledByDefault: true,
        "PostgreSQL folds what is not quoted to lower case, so NOTIFY Order_Placed is sent to order_placed, and nobody who listens to Order_Placed is told.",
        HelpLink.For("PGL006"));

    public static readonly DiagnosticDescriptor AsyncVoid = new(
        "PGL007",
        "Do not give asynchronous code to what does not await it",
        "{0} does not await this {1}: an exception in it ends the process, and what follows its first await runs too late",
        Reliability,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        "An async lambda or method whose delegate returns void is not awaited by anybody.",
        HelpLink.For("PGL007"));
}
