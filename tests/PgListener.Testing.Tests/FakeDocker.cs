namespace PgListener.Testing.Tests;

/// <summary>A stand-in for the <c>docker</c> command.</summary>
internal static class FakeDocker
{
    /// <summary>Gets the script of one that runs real servers, as processes of this machine: what the engine does with a container, this does with a folder.</summary>
    public static string Engine => """
        engine=$(dirname "$0")/engine
        as_user() { if [ "$(id -u)" = 0 ]; then setpriv --reuid postgres --regid postgres --clear-groups -- "$@"; else "$@"; fi; }
        bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
        server() { head -n 1 "$engine/$1/data/postmaster.pid" 2>/dev/null; }
        alive() { [ -s "$engine/$1/pid" ] && kill -0 "$(cat "$engine/$1/pid")" 2>/dev/null; }
        all_of() { pid=$(cat "$engine/$1/pid"); echo "$pid $(cat "/proc/$pid/task/$pid/children" 2>/dev/null)"; }
        start() {
            rm -f "$engine/$1/pid"
            (
                exec >> "$engine/$1/log" 2>&1 < /dev/null
                as_user sh -c 'echo $$ > "$1/pid"; shift; exec "$@"' sh "$engine/$1" "$bin/postgres" -D "$engine/$1/data" -c listen_addresses=127.0.0.1 \
                    -c unix_socket_directories= -c "port=$(cat "$engine/$1/port")" $(cat "$engine/$1/settings")
            ) &
            until [ -s "$engine/$1/pid" ]; do sleep 0.01; done
        }
        command=$1; shift
        case "$command" in
        version) echo 28.2 ;;
        context) echo unix:///var/run/docker.sock ;;
        image) ;;
        run)
            settings=
            while [ $# -gt 0 ]; do
                case "$1" in
                --name) name=$2; shift ;;
                --publish) port=${2#127.0.0.1:}; port=${port%:5432}; shift ;;
                --env) case "$2" in POSTGRES_INITDB_ARGS=*) arguments=${2#*=} ;; esac; shift ;;
                --label) shift ;;
                -c) settings="$settings -c $2"; shift ;;
                esac
                shift
            done
            mkdir -p "$engine/$name"; chmod 777 "$engine/$name"
            echo "$port" > "$engine/$name/port"; echo "$settings" > "$engine/$name/settings"
            echo "$POSTGRES_PASSWORD" > "$engine/$name/password"; chmod 644 "$engine/$name/password"
            as_user "$bin/initdb" -D "$engine/$name/data" -U postgres --pwfile="$engine/$name/password" $arguments > /dev/null || exit 1
            start "$name"; echo "$name" ;;
        start) start "$1" ;;
        inspect) name=$3; if alive "$name"; then echo true; else echo false; fi ;;
        exec)
            name=$1; shift
            case "$*" in
            pg_isready*) "$bin/pg_isready" --quiet --host 127.0.0.1 --port "$(cat "$engine/$name/port")" ;;
            *' -1 sh '*) for last; do :; done; kill "-$last" $(all_of "$name") ;;
            *postmaster.pid*) PGDATA=$engine/$name/data as_user "$@" ;;
            *) echo "not known: $*" >&2; exit 125 ;;
            esac ;;
        kill)
            all=$(all_of "$1"); kill -9 $all || exit 1
            for pid in $all; do while grep -qsv '[)] Z' "/proc/$pid/stat"; do sleep 0.01; done; done ;;
        wait) while alive "$1"; do sleep 0.01; done; echo 137 ;;
        logs) cat "$engine/$1/log" ;;
        rm)
            for name; do :; done
            [ -d "$engine/$name" ] || { echo "Error response from daemon: No such container: $name" >&2; exit 1; }
            if alive "$name"; then kill -9 $(all_of "$name"); while alive "$name"; do sleep 0.01; done; fi
            rm -rf "$engine/$name" ;;
        *) echo "not known: $command" >&2; exit 125 ;;
        esac
        """;

    /// <summary>Makes one, and a machine that has nothing else.</summary>
    public static Machine Install(string folder, string script)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The stand-in for docker is a shell script.");
        TempFolder.AddProgram(folder, "docker", script);
        return new([folder], null, [], folder, folder);
    }
}
