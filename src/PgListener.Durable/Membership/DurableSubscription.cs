using PgListener.Durable.Telemetry;
using PgListener.Registration;

namespace PgListener.Durable.Membership;

/// <summary>A handler of a durable channel, as the application has registered it.</summary>
/// <param name="Channel">The channel's name in the log, with the prefix.</param>
/// <param name="LogicalChannel">The channel's name in the application.</param>
/// <param name="Name">The handler's name, which together with the channel identifies the subscription.</param>
/// <param name="Options">Its settings on a durable channel.</param>
/// <param name="Handler">Its settings that all handlers have.</param>
/// <param name="Calls">Its calls.</param>
internal sealed record DurableSubscription(
    string Channel, string LogicalChannel, string Name, DurableHandlerOptions Options, HandlerOptions Handler, MessageHandler Calls)
{
    /// <summary>What this process has done for it.</summary>
    public DurableCounts Counts { get; } = new(LogicalChannel, Name);
}
