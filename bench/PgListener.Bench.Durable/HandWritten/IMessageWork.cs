namespace PgListener.Bench;

/// <summary>What is done with a message, for the container.</summary>
internal interface IMessageWork
{
    Task HandleAsync(BenchMessage message);
}
