using Npgsql;

namespace PgListener.Bench;

/// <summary>One way to have messages that wait in PostgreSQL until they have been handled.</summary>
internal interface IMessaging
{
    /// <summary>The name of its consumer.</summary>
    string Name { get; }

    /// <summary>How it is set up, in a line for the report.</summary>
    string Configuration { get; }

    /// <summary>Of the messages of a drain, it gets one in so many, because it would take too long over all of them.</summary>
    int Share => 1;

    /// <summary>How many messages a second can be sent one by one, at most.</summary>
    int MaxPaced => int.MaxValue;

    /// <summary>Whether messages wait for a consumer that does not run.</summary>
    bool Keeps => true;

    /// <summary>Makes its tables in an empty database.</summary>
    Task PrepareAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken);

    /// <summary>Puts messages there with the ids from 1 up.</summary>
    Task FillAsync(NpgsqlDataSource dataSource, int count, CancellationToken cancellationToken);

    /// <summary>Makes something that sends messages from this process.</summary>
    Task<IMessageSender> OpenSenderAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken);

    /// <summary>Makes a consumer, in the process that runs it.</summary>
    IConsumer CreateConsumer(ConsumerSettings settings);
}
